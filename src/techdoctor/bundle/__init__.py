"""The escalation bundle: gathered, redacted in memory, scanned, published whole; and read back safely."""

from techdoctor.bundle.read import Bundle, read_bundle
from techdoctor.bundle.show import Listing, show_bundle
from techdoctor.bundle.write import BundleResult, Contents, create_bundle

__all__ = ["Bundle", "BundleResult", "Contents", "Listing", "create_bundle", "read_bundle", "show_bundle"]
