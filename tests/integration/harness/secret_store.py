"""Secrets of which only the server knows the value, opened with the key in its data directory."""

import ctypes
import ctypes.util

NONCE, TAG = 12, 16
SET_TAG = 0x11  # EVP_CTRL_GCM_SET_TAG


def _library():
    library = ctypes.CDLL(ctypes.util.find_library("crypto"))
    library.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
    library.EVP_aes_256_gcm.restype = ctypes.c_void_p
    return library


def unsealed(server, item_id, size):
    """The values of this many bytes that are sealed for the item anywhere in the server's files."""
    library = _library()
    key = bytes.fromhex((server.data / "secret.key").read_text().strip())
    context = ctypes.c_void_p(library.EVP_CIPHER_CTX_new())
    cipher = ctypes.c_void_p(library.EVP_aes_256_gcm())
    name, written = item_id.encode(), ctypes.c_int()

    def open_sealed(nonce, text, tag):
        out = ctypes.create_string_buffer(size + 16)
        opened = (library.EVP_DecryptInit_ex(context, cipher, None, key, nonce) == 1
                  and library.EVP_DecryptUpdate(context, None, ctypes.byref(written), name, len(name)) == 1
                  and library.EVP_DecryptUpdate(context, out, ctypes.byref(written), text, size) == 1
                  and library.EVP_CIPHER_CTX_ctrl(context, SET_TAG, TAG, tag) == 1
                  and library.EVP_DecryptFinal_ex(context, out, ctypes.byref(written)) == 1)
        return out.raw[:size] if opened else None

    found = set()
    for path in server.data.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        at = content.find(b"\x01")
        while at >= 0:
            sealed = content[at + 1:at + 1 + NONCE + size + TAG]
            if len(sealed) == NONCE + size + TAG:
                value = open_sealed(sealed[:NONCE], sealed[NONCE:-TAG], sealed[-TAG:])
                if value:
                    found.add(value)
            at = content.find(b"\x01", at + 1)
    library.EVP_CIPHER_CTX_free(context)
    return found
