// A string as a JSON literal.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace tailrace::engine {

inline std::string json_string(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        literal += "\\\"";
        break;
      case '\\':
        literal += "\\\\";
        break;
      case '\n':
        literal += "\\n";
        break;
      case '\r':
        literal += "\\r";
        break;
      case '\t':
        literal += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          literal += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          literal += c;
        }
    }
  }
  return literal + '"';
}

}  // namespace tailrace::engine
