#include "server/http/basic_authorization.hpp"

#include "server/base64.hpp"

namespace tailrace::server {

std::optional<Credentials> parse_basic_authorization(std::string_view header) {
  constexpr std::string_view scheme = "Basic ";
  if (!header.starts_with(scheme)) return std::nullopt;
  const std::optional<std::string> text = decode_base64(header.substr(scheme.size()));
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  if (colon == text->npos) return std::nullopt;
  return Credentials{.user = text->substr(0, colon), .password = text->substr(colon + 1)};
}

}  // namespace tailrace::server
