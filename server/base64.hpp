// Base 64 with padding (RFC 4648).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tailrace::server {

std::string encode_base64(std::string_view data);
// Nothing: the text is empty or not base 64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace tailrace::server
