"""The X-Ray daemon's UDP port:
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon"""

import json
import socket
import threading


class Daemon:
    def __init__(self):
        self.segments = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "%s:%d" % self.socket.getsockname()
        self.thread = threading.Thread(target=self._listen, daemon=True)

    def start(self):
        self.thread.start()

    def _listen(self):
        while True:
            data, sender = self.socket.recvfrom(65536)
            if not data:
                return
            header, _, segment = data.partition(b"\n")
            self.segments.append(json.loads(segment))

    def stop(self):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()
