"""Who may do what: IAM policies, and what each call asks of them. Pure.

`api` turns a call into `Ask`s (`requests`), judges each one by the caller's policies (`decide`) and
words the refusal (`denied`). `app` and the command line read policies with `policy.parse`.
Nothing here knows HTTP, stores or secrets.
"""
