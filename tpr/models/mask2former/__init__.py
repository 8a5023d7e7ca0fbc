"""A small query head as Mask2Former's (Cheng et al., CVPR 2022), tracked as MinVIS does (Huang et
al., NeurIPS 2022): by the embeddings of the queries."""
