"""Parts of a finished graph that one kernel of sigfix/web/kernels computes, found and described."""
