# The control plane and Envoy, for docker-compose.yml. PYTHON_IMAGE is docker/python.Dockerfile with the dependencies of pyproject.toml; `root`
# (tools/images/images.sh) holds our sources and /usr/local/bin/{sandbox,envoy}. Only one step, because each step scans the whole image.
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE}
COPY root /
ENV PYTHONPATH=/opt/sandbox PYTHONUNBUFFERED=1
CMD ["python3", "-m", "sandbox.cli.main", "serve"]
