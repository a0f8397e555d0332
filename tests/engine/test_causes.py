"""What the words of a failure hint at."""

import pytest

from services.engine.causes import Cause, hint


@pytest.mark.parametrize(
    "words",
    [
        "Rate limit exceeded: too many tokens per minute.",
        "Too many tokens per minute.",
        "rate_limit_error",
        "Too Many Requests",
        "The limit on tokens was reached.",
        "Model is overloaded, please try again later.",
        "Request was throttled.",
        "The service is at capacity.",
        "Error 429 from the model.",
        "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'.",
        "Rate limit reached on requests per min. Limit: 3 / min. Please try again in 20s. Add a payment method to "
        "your account at https://example.com/account/billing to increase your rate limit.",
        "Rate limit reached on tokens (TPM): limit 90000, used 88000. Please try again in 1.2 s.",
        "Usage limit reached, retry after 30 seconds.",
    ],
)
def test_a_limit_that_a_wait_gets_over_is_a_busy_minute(words: str) -> None:
    assert hint(words) is Cause.BUSY


@pytest.mark.parametrize(
    "words",
    [
        "You exceeded your current quota, check your plan and billing details.",
        "You exceeded your current quota.",
        "insufficient_quota",
        "Monthly usage limit reached",
        "You have reached your monthly limit.",
        "Insufficient credits",
        "Your organization is out of credits.",
        "Your credit balance is too low to run this agent.",
        "You don't have enough: not enough API credits left.",
        "billing_hard_limit_reached",
        "402 Payment Required",
        "Your plan's limit is used up: 500 requests per day.",
        "Your free trial has ended. Upgrade your plan to continue.",
        "Spending limit reached for this organization.",
        "Your subscription has expired.",
        "Rate limit reached: 10,000 tokens per month.",
    ],
)
def test_a_limit_that_only_a_person_can_lift_is_a_quota(words: str) -> None:
    assert hint(words) is Cause.QUOTA


@pytest.mark.parametrize(
    "words",
    [
        "Exceeds the token limit of 8,192",
        "The input exceeds the token limit of 8,192.",
        "This model's maximum context length is 8192 tokens, however you requested 9021 tokens.",
        "context_length_exceeded",
        "The prompt is too long.",
        "Request too large for the model.",
        "Too many tokens in the input.",
        "Too many input tokens: 9,000.",
        "The document you sent is too large",
        "The text exceeds the limit of 5,000 words.",
        "Input exceeds the maximum number of tokens.",
        "Please reduce the length of your messages.",
    ],
)
def test_an_input_that_is_too_long_is_the_rows_own_fault(words: str) -> None:
    assert hint(words) is Cause.INPUT


@pytest.mark.parametrize(
    "words",
    [
        "The model gave no answer.",
        "Writer gave no reason for the failure.",
        "Token 'abc' is not valid.",
        "The page could not be read: 500.",
        "The prompt has too many words.",
        "Input “Capacity” is required.",
        "The product “Credit card, low balance alert” isn't known.",
        "The value “Budget” isn't one of: Trial, Payment, Plan.",
        "",
    ],
)
def test_other_words_hint_at_nothing(words: str) -> None:
    assert hint(words) is Cause.OTHER
