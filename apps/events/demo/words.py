"""What readers type: search terms, questions, comments; what agents are after."""

from __future__ import annotations

# term, weight, the page that its first result leads to (None: nothing is found)
SEARCHES: list[tuple[str, float, str | None]] = [
    ("webhooks", 20, "/guides/webhooks"),
    ("api key", 19, "/api-reference/authentication"),
    ("rate limit", 16, "/guides/rate-limits"),
    ("docker", 14, "/self-hosting/docker"),
    ("environment variables", 14, "/configuration/environment-variables"),
    ("sso", 13, "/guides/single-sign-on"),
    ("github actions", 12, "/guides/deploy-with-github-actions"),
    ("install", 12, "/getting-started/installation"),
    ("pricing", 9, "/help/billing/plans-and-pricing"),
    ("python sdk", 9, "/sdk/python"),
    ("permission denied", 8, "/help/errors/permission-denied"),
    ("kubernetes", 8, "/self-hosting/kubernetes"),
    ("logs", 7, "/api-reference/deployments/logs"),
    ("mcp", 7, "/guides/build-an-mcp-server"),
    ("secrets", 6, "/configuration/secrets"),
    ("2fa", 5, "/help/account/two-factor-authentication"),
    ("invite", 4, "/help/team/invite-members"),
    ("terraform provider", 9, None),
    ("ruby sdk", 6, None),
    ("dark mode", 4, None),
    ("on-premise license", 3, None),
    ("graphql", 5, None),
]

QUESTIONS: list[tuple[str, float]] = [
    ("How do I rotate an API key?", 9),
    ("Why does my deployment fail with permission denied?", 8),
    ("How can I verify webhook signatures?", 7),
    ("What are the rate limits of the free plan?", 7),
    ("How do I deploy from GitHub Actions?", 6),
    ("Does Acme support single sign-on with Okta?", 6),
    ("How do I migrate from v2 to v3?", 6),
    ("Can I run Acme on Kubernetes?", 5),
    ("Is there a Terraform provider?", 4),
    ("How do I set different secrets for each environment?", 4),
    ("Wie kann ich Acme selbst hosten?", 2),
    ("¿Cómo invito a mi equipo?", 2),
    ("APIキーはどこで作成しますか？", 1),
]

GOALS: list[tuple[str, float]] = [
    ("Write a deployment workflow for the user's repository", 5),
    ("Fix the failing deployment of the user's project", 4),
    ("Add webhook signature checks to a Flask app", 3),
    ("Decide whether Acme fits the user's compliance needs", 2),
]

COMMENTS: dict[str, list[str]] = {
    "good": [
        "Exactly what I needed, thanks!",
        "Worked on the first try.",
        "The copy buttons are great.",
        "Clear and short 👍",
    ],
    "ok": [
        "Fine, but a full example would help.",
        "Screenshots are from the old version.",
        "Took me a while to find this page.",
    ],
    "bad": [
        "The command in step 3 fails: unknown flag --region.",
        "Does not say which permissions the token needs.",
        "Still describes v2, the option was renamed in v3.",
        "I followed every step and still get connection refused.",
        "Bitte auch für Windows beschreiben.",
    ],
}
