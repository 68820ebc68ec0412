"""Secrets from files: `<NAME>_FILE` names the file that holds what `<NAME>` would say, and URLs get their passwords."""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource, SettingsError

_USER = re.compile(r"^(?P<before>\w+://[^/?#@:,]+)(:[^/?#@]*)?@")


class SecretFiles(PydanticBaseSettingsSource):
    """Reads every setting whose file the environment names. Raises: SettingsError where there is no such file."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What the file says, without the newline at its end; None where none is named."""
        del field
        variable = f"{field_name.upper()}_FILE"
        path = os.environ.get(variable)
        if not path:
            return None, field_name, False
        try:
            return Path(path).read_text().rstrip("\r\n"), field_name, False
        except OSError as error:
            raise SettingsError(f"{variable} names {path}, which can't be read ({type(error).__name__})") from error

    def __call__(self) -> dict[str, Any]:
        """Every setting that a file holds."""
        told = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in told.items() if value is not None}


def with_password(url: str, password: SecretStr | None) -> str:
    """The URL as it is, or with this password for the user whom it names. Raises: SettingsError where it names none."""
    if password is None:
        return url
    if not _USER.match(url):
        raise SettingsError("there is a password, and the URL that it is for names no user")
    said = quote(password.get_secret_value(), safe="")
    return _USER.sub(lambda found: f"{found['before']}:{said}@", url)
