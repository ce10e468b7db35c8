"""Serves a language model with OpenAI's API on loopback until SIGTERM or SIGINT.

usage: server.py FILE.gguf PORT   (port 0: any free one)
"""

import os
import signal
import sys

import xllamacpp


def main(path: str, port: int) -> None:
    # Block the signals before there are threads, which inherit that; they are waited for below. An ignored SIGINT stays ignored.
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
    # The context that the model was trained with. Four chats at a time share it, and a long one may take more than a quarter.
    params.n_ctx = 8192
    params.n_parallel = 4
    params.kv_unified = True
    # Each waiting chat holds a thread.
    params.n_threads_http = 64
    # The other half of the processors is for the programs that ask.
    params.cpuparams.n_threads = max(1, len(os.sched_getaffinity(0)) // 2)
    # Other users of the host can reach the port, so do not show what is said.
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
