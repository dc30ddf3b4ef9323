#include "replication/aws/request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "repr/error.hpp"

namespace tailrace::replication::aws {

std::string Request::url() const {
  std::string url = fmt::format("{}://{}{}", scheme, authority, percent_encoded(path, true));
  if (!query.empty()) url += "?" + form_encoded(query);
  return url;
}

std::string percent_encoded(std::string_view text, bool keep_slashes) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slashes);
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string form_encoded(const Pairs& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (!text.empty()) text += '&';
    text += percent_encoded(name) + '=' + percent_encoded(value);
  }
  return text;
}

std::pair<std::string, std::string> split_endpoint(const std::string& url) {
  const auto wrong = [&] {
    return SqlError(sqlstate::invalid_parameter_value,
                    fmt::format("invalid AWS endpoint URL \"{}\"", url))
        .hint("Write http:// or https://, a host and perhaps a port.");
  };
  const std::size_t separator = url.find("://");
  if (separator == std::string::npos) throw wrong();
  const std::string scheme = url.substr(0, separator);
  std::string authority = url.substr(separator + 3);
  if (!authority.empty() && authority.back() == '/') authority.pop_back();
  if (scheme != "http" && scheme != "https") throw wrong();
  if (authority.empty() || authority.find_first_of("/?#@ ") != std::string::npos) throw wrong();
  return {scheme, authority};
}

bool is_region(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace tailrace::replication::aws
