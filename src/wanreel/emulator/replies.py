"""What the desk answers with, and the vendor's error codes with their status and words (fact sheet §9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wanreel.emulator.hours import http_date

Body = dict[str, Any] | bytes


@dataclass(frozen=True, slots=True)
class Mishap:
    """How the transport is to misbehave with a reply.

    ``kind`` is one of drop_before, drop_after (close without answering), half_body (full Content-Length, half the
    bytes), slow, slow_before (answer ``delay_s`` real seconds late) or garbled (the reply itself is already the fault).
    ``processed`` tells whether the call took effect, which the client cannot know.
    """

    kind: str
    delay_s: float = 0.0
    processed: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: a JSON object (dict) or raw bytes, with lower-case header names."""

    status: int
    body: Body
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    mishap: Mishap | None = None


RATE_WORDS = "Requests rate limit exceeded, please try again later."
MISSING_WORDS = "Required parameter(s) missing or invalid, please check the request parameters."
URL_WORDS = "url error, please check url！"

#: code -> (status when it is an answer, its words). Words in quotes in the fact sheet are taken literally.
CODES: Mapping[str, tuple[int, str]] = {
    "InvalidApiKey": (401, "Invalid API-key provided."),
    "NOT AUTHORIZED": (401, "Access denied: Either you are not authorized to access this workspace, or it is wrong."),
    "InvalidParameter": (400, MISSING_WORDS),
    "InvalidParameter.DataInspection": (400, "Unable to download the media resource during the data inspection."),
    "DataInspectionFailed": (400, "Input data may contain inappropriate content."),
    "data_inspection_failed": (400, "Input data may contain inappropriate content."),
    "IPInfringementSuspect": (400, "Input data is suspected of being involved in IP infringement."),
    "InvalidURL": (400, "Required URL is missing or invalid, please check the request URL."),
    "InvalidURL.ConnectionRefused": (400, "Connection to the input URL was refused."),
    "InvalidURL.Timeout": (400, "Download of the input URL timed out."),
    "InvalidImage": (400, "The input image is invalid."),
    "InvalidImage.FileFormat": (400, "The format of the input image is not supported."),
    "InvalidImage.ImageSize": (400, "The size of image is beyond limit."),
    "InvalidImageResolution": (400, "The resolution of the input image is invalid."),
    "InvalidImageFormat": (400, "The format of the input image is invalid."),
    "InvalidFile.Resolution": (400, "The resolution of the input file is invalid."),
    "InvalidFile.Size": (400, "The size of the input file is invalid."),
    "InvalidFile.Duration": (400, "The duration of the input file is invalid."),
    "InvalidFile.Format": (400, "The format of the input file is invalid."),
    "InvalidFile.FPS": (400, "The frame rate of the input file is invalid."),
    "InvalidFile.Openerror": (400, "The input file can not be opened."),
    "BadRequest.EmptyInput": (400, "Required input parameter missing from request."),
    "BadRequest.EmptyParameters": (400, 'Required parameter "parameters" missing from request.'),
    "BadRequest.EmptyModel": (400, 'Required parameter "model" missing from request.'),
    "BadRequest.IllegalInput": (400, "The input parameter requires json format."),
    "BadRequest.InputDownloadFailed": (400, "Failed to download the input file."),
    "BadRequest.UnsupportedFileFormat": (400, "File format unsupported."),
    "BadRequest.TooLarge": (400, "Payload Too Large."),
    "UnsupportedOperation": (
        400,
        "Failed to cancel the task, please confirm if the task is in PENDING status.",
    ),
    "Arrearage": (400, "Access denied, please make sure your account is in good standing."),
    "AccessDenied": (403, "Access denied."),
    "AccessDenied.Unpurchased": (403, "Access to model denied. Please make sure you are eligible for using the model."),
    "Model.AccessDenied": (403, "Model access denied."),
    "Workspace.AccessDenied": (403, "Workspace access denied."),
    "App.AccessDenied": (403, "App access denied."),
    "AllocationQuota.FreeTierOnly": (403, "The free tier of the model has been exhausted."),
    "ModelNotFound": (404, "Model can not be found."),
    "model_not_found": (404, "Model can not be found."),
    "WorkSpaceNotFound": (404, "WorkSpace can not be found."),
    "NotFound": (404, "Not found!"),
    "Conflict": (409, "Model instance is already deployed."),
    "Throttling": (429, "Requests throttling triggered."),
    "Throttling.RateQuota": (429, RATE_WORDS),
    "LimitRequests": (429, RATE_WORDS),
    "Throttling.BurstRate": (429, "Request rate increased too quickly, please adjust the client's request rate."),
    "limit_burst_rate": (429, "Request rate increased too quickly, please adjust the client's request rate."),
    "Throttling.AllocationQuota": (429, "Allocated quota exceeded, please increase your quota limit."),
    "insufficient_quota": (429, "Allocated quota exceeded, please increase your quota limit."),
    "CommodityNotPurchased": (429, "Commodity has not been purchased yet."),
    "PrepaidBillOverdue": (429, "The prepaid bill is overdue."),
    "PostpaidBillOverdue": (429, "The postpaid bill is overdue."),
    "InternalError": (500, "An internal error has occurred, please try again later."),
    "InternalError.Algo": (500, "An internal error has occurred during execution, please try again later."),
    "InternalError.FileUpload": (500, "oss upload error."),
    "InternalError.Upload": (500, "Failed to upload the result."),
    "InternalError.Timeout": (500, "An internal timeout error has occured during execution, please try again later."),
    "SystemError": (500, "An system error has occured, please try again later."),
    "ModelServiceFailed": (500, "Failed to request model service."),
    "RewriteFailed": (500, "Failed to rewrite content for prompt."),
    "RequestTimeOut": (500, "Request timed out, please try again later."),
    "ModelServingError": (503, "Too many requests. Your requests are being throttled due to system capacity limits."),
    "ModelUnavailable": (503, "Model is unavailable, please try again later."),
}


def words_for(code: str) -> str:
    """The vendor's sentence for a code; a plain one when the fact sheet has none."""
    return CODES[code][1] if code in CODES else "The request failed."


def json_reply(body: dict[str, Any], request_id: str, now: float, status: int = 200) -> Reply:
    """An ordinary answer of the native API."""
    headers = {"content-type": "application/json", "x-request-id": request_id, "date": http_date(int(now))}
    return Reply(status, body, headers)


def error_reply(code: str, request_id: str, now: float, *, message: str = "", status: int = 0) -> Reply:
    """A refusal in the native shape: top-level code, message, request_id (§4.4)."""
    body = {"code": code, "message": message or words_for(code), "request_id": request_id}
    return json_reply(body, request_id, now, status or CODES.get(code, (400, ""))[0])


def dated(reply: Reply, now: float) -> Reply:
    """The reply with a ``Date`` in the emulator's time, from which clients learn how far their clock is off."""
    if "date" in reply.headers or not reply.status:
        return reply
    return replace(reply, headers={**reply.headers, "date": http_date(int(now))})


def xml_reply(status: int, code: str, message: str, request_id: str, host: str, extra: str = "") -> Reply:
    """A refusal in the object store's words (§8). ``extra`` is ready-made XML."""
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n  <Code>{code}</Code>\n  <Message>{message}</Message>\n'
        f"  <RequestId>{request_id}</RequestId>\n  <HostId>{host}</HostId>\n{extra}</Error>\n"
    )
    headers = {"content-type": "application/xml", "x-oss-request-id": request_id, "server": "AliyunOSS"}
    return Reply(status, text.encode(), headers)
