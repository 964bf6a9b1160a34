# SPDX-License-Identifier: MIT
"""The other end. Sink: convey-sandbox --sink, for throughput. SlowSink: this file run by itself;
it stamps each request's first byte, may answer late, and counts the requests it holds.

    sink.py DELAY_MS     prints its port, then "t MONOTONIC_NS" for a request; at SIGTERM
                         "most N", the highest number it held at once"""
import asyncio
import os
import re
import signal
import subprocess
import sys
import time

if __package__:
    from .process import Measured

BODY = b'{"code":0,"message":"OK","request_id":"20260101000000000000000000000000","data":{}}'
ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
          % len(BODY)) + BODY


class Sink:
    def __init__(self, sandbox):
        self.process = Measured([sandbox, "--sink", "--quiet", "--port", "0", "--print-port"],
                                stdout=subprocess.PIPE, text=True)
        self.process.child.stdout.readline()
        self.port = int(self.process.child.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def cpu_now(self):
        return self.process.cpu_now()

    def stop(self):
        self.process.stop()
        words = self.process.child.stdout.read().split()
        return int(words[0])  # requests


class SlowSink:
    def __init__(self, delay_ms=0):
        self.child = subprocess.Popen([sys.executable, os.path.abspath(__file__), str(delay_ms)],
                                      stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.child.stdout.readline())}"

    def next_stamp(self):
        return int(self.child.stdout.readline().split()[1])

    def stop(self):
        """The highest number of requests it held at once."""
        self.child.terminate()
        rest = self.child.stdout.read().split()
        self.child.wait()
        return int(rest[-1])


class Counter:
    held = most = 0


async def serve_one(reader, writer, delay):
    length = re.compile(rb"content-length: *(\d+)", re.I)
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            break
        print("t", time.monotonic_ns(), flush=True)
        Counter.held += 1
        Counter.most = max(Counter.most, Counter.held)
        if b"100-continue" in head.lower():
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        left = int(length.search(head).group(1))
        try:
            while left:
                piece = await reader.read(min(left, 1 << 18))
                if not piece:
                    return
                left -= len(piece)
            await asyncio.sleep(delay)
            writer.write(ANSWER)
            await writer.drain()
        except ConnectionError:
            break
        finally:
            Counter.held -= 1
    writer.close()


async def serve(delay_ms):
    server = await asyncio.start_server(lambda r, w: serve_one(r, w, delay_ms / 1000), "127.0.0.1",
                                        0, limit=1 << 18)
    print(server.sockets[0].getsockname()[1], flush=True)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await over.wait()
    print("most", Counter.most, flush=True)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
