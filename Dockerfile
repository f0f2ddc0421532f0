# sigfix in a container, for those who want no Python of their own (docs/in-ci.md):
#   docker build --target inspect -t sigfix .   inspect, explain, diff, presets, repair --dry-run
#   docker build -t sigfix-all .                everything, 9 GB; with an index of PyTorch's builds
#                                               for processors alone 4 GB less:
#   docker build -t sigfix-all --build-arg TORCH_INDEX=URL .
FROM python:3.11-slim AS inspect
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY sigfix sigfix
RUN pip install --no-cache-dir -c constraints.txt '.[checksums,pictures]'
# A model is somebody else's: nothing runs as root, and nothing is written but where that is mounted.
RUN useradd --create-home sigfix
USER sigfix
WORKDIR /work
ENTRYPOINT ["sigfix"]

FROM inspect AS everything
USER root
# What OpenCV, which docTR uses, wants of the system.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/*
ARG TORCH_INDEX=
RUN cd /src && pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
 -c constraints.txt '.[all]'
USER sigfix
