# SPDX-License-Identifier: MIT
# fish completion for conveyctl(8): convey's
complete -c conveyctl -w convey
