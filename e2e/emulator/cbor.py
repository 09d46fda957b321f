"""CloudWatch in its newest form: the AWS SDK for Go speaks RPC v2 CBOR with it, which moto does not know.

https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html. botocore's own reader and writer of CBOR translate;
the request then goes to this account's CloudWatch as boto3 would make it.
"""

import re

from botocore.exceptions import ClientError
from botocore.model import OperationNotFoundError
from botocore.parsers import BaseCBORParser
from botocore.serialize import CBORSerializer


PATH = re.compile(r"/service/GraniteServiceVersion20100801/operation/(\w+)")


class Translate:
    """WSGI in front of moto."""

    def __init__(self, application, account):
        self.application, self.account = application, account

    def __call__(self, environ, start_response):
        asked = PATH.fullmatch(environ["PATH_INFO"])
        if not asked:
            return self.application(environ, start_response)
        client = self.account.client("cloudwatch")
        try:
            operation = client.meta.service_model.operation_model(asked[1])
        except OperationNotFoundError:
            return answer(start_response, "404 Not Found", error("UnknownOperationException", asked[1]))
        method = next(m for m, o in client.meta.method_to_api_mapping.items() if o == asked[1])
        parser = Parser(timestamp_parser=None)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        parameters = parser.parse_data_item(parser.get_peekable_stream_from_bytes(body)) if body else {}
        try:
            out = getattr(client, method)(**parameters)
        except ClientError as failed:
            of = failed.response["Error"]
            return answer(start_response, "400 Bad Request", error(of["Code"], of.get("Message", "")))
        out.pop("ResponseMetadata")
        return answer(start_response, "200 OK", encoded(out, operation.output_shape))


class Parser(BaseCBORParser):
    """Of data items alone."""


class Writer(CBORSerializer):
    TIMESTAMP_FORMAT = "unixtimestamp"


def encoded(value, shape):
    written = bytearray()
    Writer()._serialize_data_item(written, value, shape)
    return bytes(written)


def error(code, message):
    def text(value):
        raw = value.encode()
        return b"\x7a" + len(raw).to_bytes(4, "big") + raw  # text of a length in four bytes

    return b"\xa2" + text("__type") + text(code) + text("message") + text(message)  # a map of two


def answer(start_response, status, body):
    kind = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"), ("Content-Length", str(len(body)))]
    start_response(status, kind)
    return [body]
