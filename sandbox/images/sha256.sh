#!/bin/sh
# Hash of standard input, in hexadecimal; Linux and macOS name the tool differently.
if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1
