"""A stage whose processes tell each other their ranks."""


def meet(spec, inputs, out, log):
    from tpr.parallel.distributed import gathered, rank

    return {"ranks": gathered(rank())}


BODIES = {"videos": meet}
