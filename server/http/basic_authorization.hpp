// The Authorization header of HTTP Basic.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tailrace::server {

struct Credentials {
  std::string user;
  std::string password;
};
// Nothing: the header is absent or says something else.
std::optional<Credentials> parse_basic_authorization(std::string_view header);

}  // namespace tailrace::server
