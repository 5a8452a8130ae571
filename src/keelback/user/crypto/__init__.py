"""Cryptography in the typed subset: SHA-256 (FIPS 180-4) and HMAC (RFC 2104). No key storage."""
