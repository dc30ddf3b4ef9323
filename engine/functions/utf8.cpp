#include "engine/functions/utf8.hpp"

namespace tailrace::engine::utf8 {

std::size_t find_invalid(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x80) {
      ++at;
      continue;
    }
    const std::size_t size = first >= 0xF0 ? 4 : (first >= 0xE0 ? 3 : 2);
    if (first < 0xC2 || first > 0xF4 || at + size > text.size()) return at;
    for (std::size_t i = 1; i < size; ++i) {
      if (!is_continuation(text[at + i])) return at;
    }
    std::size_t end = at;
    const char32_t code = next(text.substr(0, at + size), end);
    const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
    if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return at;
    at += size;
  }
  return std::string_view::npos;
}

}  // namespace tailrace::engine::utf8
