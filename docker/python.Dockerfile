# The base image with the wheels of one requirements file: the parent of app/Dockerfile and docker/control.Dockerfile. The wheel files
# stay in the first stage. Built without network from a wheelhouse (tools/images/images.sh).
ARG BASE_IMAGE
FROM ${BASE_IMAGE} AS wheels
LABEL sandbox.build=wheels
COPY wheelhouse /wheelhouse
COPY requirements.txt /
ENV PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore
RUN pip3 install --quiet --no-cache-dir --no-index --find-links /wheelhouse -r /requirements.txt

FROM ${BASE_IMAGE}
COPY --from=wheels /usr/local /usr/local
