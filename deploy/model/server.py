"""Serves a language model with OpenAI's API on loopback until SIGTERM or SIGINT.

usage: server.py FILE.gguf PORT   (port 0: any that is free)
"""

import os
import signal
import sys

import xllamacpp


def main(path: str, port: int) -> None:
    # Blocked before there are threads, which inherit that: they are waited for below. Whoever ignores SIGINT goes on ignoring it.
    ends = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        ends.append(signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)

    name = os.path.basename(path).split(".")[0]
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.model_alias = {name}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    # What the model was trained with, for four chats at a time that share it: a long one may take more than a quarter.
    params.n_ctx = 8192
    params.n_parallel = 4
    params.kv_unified = True
    # A chat that waits for its turn holds one of these.
    params.n_threads_http = 64
    # The other half of the processors is for those who ask.
    params.cpuparams.n_threads = max(1, len(os.sched_getaffinity(0)) // 2)
    # Other users of the host reach the port, too: nothing there shows what is said.
    params.endpoint_slots = False
    params.ui = False
    params.verbosity = 1
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        sys.exit(f"The local model cannot be started: {error}")
    print(f"{name} answers on {server.listening_address}/v1", flush=True)
    signal.sigwait(ends)
    # At once: the server's own end waits for chats that then nobody answers, and there is nothing to save.
    os._exit(0)


main(sys.argv[1], int(sys.argv[2]))
