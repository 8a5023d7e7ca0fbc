"""The public checkpoints that profile `full` starts from: addresses, sizes and checksums.

The one list of them: `python -m tpr.checkpoint list`, docs/full-scale.md and the suite's messages
are made from it. Sizes and checksums are those that the named page states, as stored copies of the
pages said on LOOKED_UP; None is what no page states. No file was downloaded.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

LOOKED_UP = "2026-11-28"
HUB = "https://huggingface.co/ZjuCv/AdelaiDet"


@dataclass(frozen=True)
class Published:
    """A public file.

    model: the image model of profile `full` that starts from it; name: what it is; files: what it
    is called where it is published; size: in bytes; stated_by: who states size and sha256; method,
    backbone: for `convert`, empty for a file that is used as it is; target: its name in the data
    folder; default: whether the profile starts from it, or could; note: what to know, and what to
    use where it cannot be had.
    """

    model: str
    name: str
    files: tuple[str, ...]
    url: str
    size: int | None
    sha256: str | None
    stated_by: str
    method: str
    backbone: str
    target: str
    note: str
    default: bool = True

    def command(self, folder: str = "$DATA") -> str:
        """The command that makes the file that the profile wants from the download."""
        file, target = self.files[0], f"{folder}/{self.target}"
        if not self.method:
            return f"cp {file} {target}"
        how = f"--method {self.method} --backbone {self.backbone} --partial"
        return f"python -m tpr.checkpoint convert {file} {how} --out {target}"


def adelaidet(
    backbone: str, name: str, size: int | None, sha256: str, page: str, note: str, *, default: bool
) -> Published:
    schedule = name.rpartition("_")[2]
    return Published(
        model=f"blendmask-{backbone}",
        name=f"BlendMask {name}, AdelaiDet",
        files=(f"{name}.pth",),
        url=f"{HUB}/resolve/main/{name}.pth",
        size=size,
        sha256=sha256,
        stated_by=f"{HUB}/{page}",
        method="blendmask",
        backbone=backbone,
        target=f"coco-blendmask-{backbone}-{schedule}.pt",
        note=note,
        default=default,
    )


BLENDMASK_R50 = adelaidet(
    "r50",
    "R_50_3x",
    144_429_928,
    "b25d31f6075ad3e09a267e0d410c6418afd9ff9c77f6bb3677ca4aeb76b750ed",
    "commit/3569b4f40a8e5a43e9d763d0294fe0221c00a683",
    "AdelaiDet's README names the hub since its first store (CloudStor) closed on 15 December "
    "2023. The TPR release starts from a 1x model of its own, which was never published; "
    "R_50_1x is the public file of that schedule.",
    default=True,
)
PUBLISHED = (
    BLENDMASK_R50,
    adelaidet(
        "r50",
        "R_50_1x",
        144_429_928,
        "9e9c2ff3fa4b6500294679d7acaabb5898587d8e8c7a3e10f5869bbcee97a5dd",
        "commit/9b354ba3f3939e569a069a1e1b6481d51d3373ec",
        "The release's schedule: name coco-blendmask-r50-1x.pt under `pretrained` in the profile.",
        default=False,
    ),
    adelaidet(
        "r101",
        "R_101_3x",
        None,
        "446ca00b58d592c25234b6ad718ce7b43f217b6cd3d071ab4b8d93f6d896a32b",
        "blob/main/R_101_3x.pth",
        "About 221 MB.",
        default=True,
    ),
    adelaidet(
        "r101dcn",
        "R_101_dcni3_5x",
        None,
        "b8186dee11d9e4cb1f2714f07ba6b1aa1ce29d65d47215c37b54ad95d65673da",
        "blob/main/R_101_dcni3_5x.pth",
        "About 223 MB.",
        default=True,
    ),
    Published(
        model="sipmask-r50",
        name="SipMask R50 1x with GN, SipMask-mmdetection",
        files=("sipmask_r50_caffe_1x.pth",),
        url="https://drive.google.com/file/d/1t-RSMObxjeSJvHW1tQl8uBUQUU8RKTZO/view",
        size=None,
        sha256=None,
        stated_by="https://github.com/JialeCao001/SipMask",
        method="sipmask",
        backbone="r50",
        target="coco-sipmask-r50-1x.pt",
        note="SipMask-VIS's config starts from it. Its towers have a fourth convolution, which "
        "SipMask-VIS has not and drops as well. Where the address gives a web page: the 2x file of "
        "the same README (id 1r7u2WUOuFSWRfRBoWRCADJo7nEchwFzq) has the same layers.",
    ),
    Published(
        model="yolact-r50",
        name="YOLACT ResNet-50",
        files=("yolact_resnet50_54_800000.pth",),
        url="https://huggingface.co/dbolya/yolact-resnet50/resolve/main/"
        "yolact_resnet50_54_800000.pth",
        size=127_300_392,
        sha256="c12bb7a7e0343281db7f1407b376970bb52651f121d0b60bc4a49207acb6d6d7",
        stated_by="https://github.com/openvinotoolkit/open_model_zoo/blob/master/models/public/"
        "yolact-resnet50-fpn-pytorch/model.yml",
        method="yolact",
        backbone="r50",
        target="coco-yolact-r50.pt",
        note="Its author put the original files there in September 2025 (yolact issue 848), when "
        "the older addresses had expired; the checksum is of the file at those.",
    ),
    Published(
        model="masktrack-r50",
        name="Mask R-CNN R_50_FPN_3x, detectron2",
        files=("model_final_f10217.pkl",),
        url="https://dl.fbaipublicfiles.com/detectron2/COCO-InstanceSegmentation/"
        "mask_rcnn_R_50_FPN_3x/137849600/model_final_f10217.pkl",
        size=None,
        sha256="9a737e290372f1f70994ebcbd89d8004dbb3ae30a605fd915a190fa4a782dd66",
        stated_by="https://huggingface.co/xboix/detectron2-coco",
        method="mask-rcnn",
        backbone="r50",
        target="coco-mask-rcnn-r50-3x.pt",
        note="About 178 MB; the checksum is of an unmodified copy on the hub, which also serves. "
        "MaskTrack R-CNN itself started from mmdetection's mask_rcnn_r50_fpn_1x_20181010-069fa190,"
        " whose address is closed (MaskTrackRCNN issue 50).",
    ),
    replace(
        BLENDMASK_R50,
        model="mask2former-r50",
        name="BlendMask R_50_3x, AdelaiDet, for its backbone and pyramid",
        method="mask2former",
        target="coco-blendmask-r50-3x-for-mask2former.pt",
        note="The same file: no public model has the query head of this suite, which starts anew "
        "(Mask2Former's own has a deformable pixel decoder in place of the pyramid). Twelve epochs "
        "of videos are few for that.",
    ),
    Published(
        model="flownets",
        name="FlowNetS, FlowNetPytorch",
        files=("flownets_EPE1.951.pth", "flownets_EPE1.951.pth.tar"),
        url="https://github.com/ClementPinard/FlowNetPytorch/raw/master/weights/"
        "flownets_EPE1.951.pth",
        size=154_706_509,
        sha256="d98505dc749c35f0d4b4ce0536b4f64797ec22ea194a5f743af97dc3f778447d",
        stated_by="https://github.com/ClementPinard/FlowNetPytorch",
        method="",
        backbone="",
        target="flownets_EPE1.951.pth.tar",
        note="Kept there with git-LFS: a clone without it has a pointer of 134 bytes. The older "
        "name ends in .tar, which it is not.",
    ),
)


def markdown() -> str:
    """The list as docs/full-scale.md has it."""
    lines = ["| image model | file | size | sha256 |", "|---|---|---|---|"]
    for one in PUBLISHED:
        size = "not stated" if one.size is None else f"{one.size:,}"
        sha256 = f"[`{one.sha256}`]({one.stated_by})" if one.sha256 else "not stated"
        chosen = "" if one.default else " (instead)"
        lines.append(f"| `{one.model}`{chosen} | [{one.name}]({one.url}) | {size} | {sha256} |")
    lines += ["", *(f"- **{one.name}.** {one.note}" for one in PUBLISHED), "", "```"]
    lines += [one.command() for one in PUBLISHED if one.default]
    return "\n".join([*lines, "```"])


@dataclass(frozen=True)
class Identity:
    """What a file is.

    published: the entry of the list that it is, or is named like; differs: how it differs from that
    entry, empty where it does not or there is none.
    """

    size: int
    sha256: str
    published: Published | None
    differs: str = ""


def identify(path: Path) -> Identity:
    """By checksum, else by name."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = path.stat().st_size
    for one in PUBLISHED:
        if one.sha256 == sha256:
            return Identity(size, sha256, one)
    one = next((one for one in PUBLISHED if path.name in one.files), None)
    differs = ""
    if one and one.size not in (None, size):
        differs = f"it has {size:,} bytes, the published one {one.size:,}"
    elif one and one.sha256:
        differs = f"its sha256 is {sha256}, the published one's {one.sha256}"
    return Identity(size, sha256, one, differs)
