# shellcheck shell=bash
# SPDX-License-Identifier: MIT
