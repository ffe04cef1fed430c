"""A wire that fails: `python -m tests.chaos.wire PORT TARGET_PORT`, both on loopback; its mood comes on stdin, one word a line.

fine      passes everything
cut       resets what is connected and refuses what comes
silent    takes bytes and passes none, in either direction
deaf      passes what is asked and drops the answers: the request may have worked
commit    as `deaf`, but only for a connection on which a COMMIT was just asked for; it is then reset, once
"""

import asyncio
import socket
import struct
import sys

GRACE = 0.3  # seconds an unanswered COMMIT has to be done at the other end


class Wire:
    def __init__(self, *, port: int, target: int) -> None:
        self.port, self.target = port, target
        self.mood = "fine"
        self.open: set[asyncio.StreamWriter] = set()

    async def run(self) -> None:
        server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        print("ready", flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            self.mood = line.strip()
            if self.mood == "cut":
                for writer in tuple(self.open):
                    _reset(writer)
        server.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mood == "cut":
            _reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            return
        ends = {writer, far_writer}
        self.open |= ends
        lost = asyncio.Event()
        try:
            await asyncio.gather(self._asked(reader, far_writer, writer, lost), self._answered(far_reader, writer, lost))
        finally:
            self.open -= ends
            for end in ends:
                end.close()

    async def _asked(
        self, reader: asyncio.StreamReader, far: asyncio.StreamWriter, near: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        try:
            while data := await reader.read(65536):
                if self.mood == "silent":
                    continue
                if self.mood == "commit" and b"COMMIT" in data:
                    self.mood = "fine"
                    lost.set()
                far.write(data)
                await far.drain()
                if lost.is_set():
                    await asyncio.sleep(GRACE)
                    _reset(near)
                    return
        except OSError:
            pass
        finally:
            far.close()

    async def _answered(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        try:
            while data := await reader.read(65536):
                if self.mood in ("silent", "deaf") or lost.is_set():
                    continue
                near.write(data)
                await near.drain()
        except OSError:
            pass
        finally:
            near.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End it as a crashed machine does, without a farewell."""
    if (sock := writer.get_extra_info("socket")) is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


if __name__ == "__main__":
    asyncio.run(Wire(port=int(sys.argv[1]), target=int(sys.argv[2])).run())
