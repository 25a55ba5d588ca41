"""Pages and forms as a browser without a script has them: cookies are kept, redirects followed, and a form
sends what is in its fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

from . import uploads
from .http import Answer
from .programs import Site

VOID = {"input", "br", "hr", "img", "link", "meta", "col", "area", "base", "source", "wbr"}


@dataclass
class Form:
    """A form of a page, with what its fields hold."""

    action: str
    method: str
    kind: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, more: dict[str, object]) -> list[tuple[str, str]]:
        """What it sends, with these fields filled in."""
        for name in more:
            known = self.names | {button for button, _ in self.buttons}
            assert name in known, f"the form of {self.action} has no field {name}: {known}"
        sent = [(name, value) for name, value in self.fields if name not in more]
        for name, value in more.items():
            values = value if isinstance(value, list) else [value]
            sent += [(name, one) for one in values]
        return sent


class Reader(HTMLParser):
    """Reads forms, and the text that people see."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.select: tuple[str, list[tuple[str, bool]]] | None = None
        self.option: list[str] | None = None
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        self.tags.append((tag, of))
        if tag not in VOID:
            self.open.append(tag)
        name = of.get("name") or ""
        if tag == "form":
            self.forms.append(Form(of.get("action") or "", (of.get("method") or "get").upper(), of.get("enctype") or ""))
        elif not self.forms:
            return
        elif tag == "input" and name:
            form = self.forms[-1]
            form.names.add(name)
            kind = of.get("type") or "text"
            if kind in ("checkbox", "radio") and "checked" not in of or kind == "file":
                return
            form.fields.append((name, of.get("value") or ""))
        elif tag == "button" and name:
            self.forms[-1].buttons.append((name, of.get("value") or ""))
        elif tag == "select":
            self.forms[-1].names.add(name)
            self.select = (name, [])
        elif tag == "option" and self.select:
            self.option = []
            self.select[1].append((of.get("value"), "selected" in of))

    def handle_endtag(self, tag: str) -> None:
        if tag == "option" and self.select and self.option is not None:
            value, chosen = self.select[1][-1]
            self.select[1][-1] = (value if value is not None else "".join(self.option), chosen)
            self.option = None
        if tag == "select" and self.select:
            name, options = self.select
            chosen = [value for value, is_chosen in options if is_chosen] or [value for value, _ in options[:1]]
            self.forms[-1].fields += [(name, value) for value in chosen]
            self.select = None
        if tag in self.open:
            while self.open and self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.option is not None:
            self.option.append(data)
        if not {"script", "style", "title"} & set(self.open):
            self.text.append(data)


class Browser:
    """A browser of somebody, at one site."""

    def __init__(self, site: Site, **headers: str) -> None:
        self.site = site
        self.headers = headers
        self.cookies: dict[str, str] = {}
        self.set: list[str] = []
        """All `Set-Cookie` headers that came, in their order."""
        self.page: Answer | None = None
        self.path = "/"

    def ask(self, method: str, path: str, *, follow: bool = True, **more) -> Answer:
        headers = {"Accept": "text/html,application/xhtml+xml;q=0.9", **self.headers, **(more.pop("headers", None) or {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.site.ask(method, path, headers=headers, **more)
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.set.append(line)
            name, _, value = line.split(";")[0].partition("=")
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        if follow and answer.status in (302, 303, 307, 301):
            target = urlsplit(answer.leads_to(f"http://{headers.get('Host', '127.0.0.1')}{path}"))
            assert target.path.startswith("/"), answer
            return self.get(target.path + (f"?{target.query}" if target.query else ""))
        self.page, self.path = answer, path
        return answer

    def get(self, path: str, **more) -> Answer:
        return self.ask("GET", path, **more)

    def post(self, path: str, fields: list[tuple[str, str]] | dict[str, str], **more) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin} | (more.pop("headers", None) or {})
        headers = {name: value for name, value in headers.items() if value is not None}
        return self.ask("POST", path, headers=headers, body=urlencode(fields).encode(), **more)

    @property
    def origin(self) -> str:
        scheme = self.headers.get("X-Forwarded-Proto", "http")
        return f"{scheme}://{self.headers.get('Host') or f'127.0.0.1:{self.site.port}'}"

    @property
    def read(self) -> Reader:
        assert self.page is not None
        reader = Reader()
        reader.feed(self.page.text)
        return reader

    @property
    def text(self) -> str:
        """What people read on the page, with single blanks."""
        return " ".join("".join(self.read.text).split())

    @property
    def forms(self) -> list[Form]:
        return self.read.forms

    def form(self, action: str, **holding: str) -> Form:
        """The form that goes to an address, and holds these values."""
        found = [form for form in self.forms if urlsplit(form.action).path.endswith(action)
                 and all((name, value) in form.fields + form.buttons for name, value in holding.items())]
        assert found, f"no form goes to {action} on {self.path}: {[form.action for form in self.forms]}\n{self.text}"
        return found[0]

    def send(self, action: str, fields: dict[str, object] | None = None, holding: dict[str, str] | None = None, **more) -> Answer:
        """Fills a form of the page in, and sends it."""
        form = self.form(action, **(holding or {}))
        sent = form.filled(fields or {})
        target = urlsplit(urljoin(f"http://x{self.path}", form.action)).path
        if form.method == "GET":
            return self.get(f"{target}?{urlencode(sent)}", **more)
        return self.post(target, sent, **more)

    def upload(self, files: list[tuple[str, bytes]], **more) -> Answer:
        """Sends files with the form of the page, in the order that browsers keep."""
        form = self.form("/account/upload")
        assert form.kind == "multipart/form-data"
        parts = [*form.fields, *(("content", file) for file in files)]
        headers = {"Content-Type": f"multipart/form-data; boundary={uploads.BOUNDARY}", "Origin": self.origin}
        return self.ask("POST", urlsplit(form.action).path, headers=headers, body=uploads.form(parts), **more)

    def sign_in(self, user: str = "ada", password: str = "secret", to: str | None = None) -> Answer:
        """Signs in at the page of signing in."""
        self.get("/account/sign-in" + (f"?{urlencode({'to': to})}" if to is not None else ""))
        return self.send("/account/sign-in", {"user": user, "password": password})

    @property
    def session(self) -> str | None:
        """What the cookie of the session holds."""
        return next((value for name, value in self.cookies.items() if name.endswith("wheelhouse-session")), None)
