"""A service's token is the service's: nobody else gets it."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from services_for_tests import serving

from t2l.encoders.service import request


def test_a_token_is_not_sent_on_to_where_an_answer_points() -> None:
    with serving({"/there": (200, b"found")}) as elsewhere:

        class Pointing(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(302)
                self.send_header("location", f"{elsewhere.url}/there")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Pointing)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            answer = request(f"http://127.0.0.1:{server.server_port}/here", token="secret")
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
    assert answer == b"found"
    assert [asked.headers.get("authorization") for asked in elsewhere.asked] == [None]
