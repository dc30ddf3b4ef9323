#include "replication/postgres/lsn.hpp"

#include <fmt/format.h>

#include <charconv>

#include "repr/error.hpp"

namespace tailrace::replication {
namespace {

bool parse_half(std::string_view text, std::uint32_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Lsn parse_lsn(std::string_view text) {
  const std::size_t slash = text.find('/');
  std::uint32_t high = 0;
  std::uint32_t low = 0;
  if (slash == std::string_view::npos || !parse_half(text.substr(0, slash), high) ||
      !parse_half(text.substr(slash + 1), low)) {
    throw SqlError(sqlstate::protocol_violation,
                   fmt::format("upstream sent an invalid LSN: \"{}\"", text));
  }
  return (std::uint64_t{high} << 32) | low;
}

std::string format_lsn(Lsn lsn) {
  return fmt::format("{:X}/{:X}", static_cast<std::uint32_t>(lsn >> 32),
                     static_cast<std::uint32_t>(lsn));
}

}  // namespace tailrace::replication
