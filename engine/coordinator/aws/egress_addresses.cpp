#include "engine/coordinator/aws/egress_addresses.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <optional>

#include "repr/error.hpp"

namespace tailrace::engine {

namespace {

SqlError invalid(const std::string& text, std::string_view why) {
  return SqlError(sqlstate::invalid_parameter_value,
                  fmt::format("invalid egress address \"{}\": {}", text, why))
      .hint("Write an IP address, or a network such as 203.0.113.0/24.");
}

std::string text_of(int family, const void* bytes) {
  char text[INET6_ADDRSTRLEN];
  ::inet_ntop(family, bytes, text, sizeof text);
  return text;
}

// A datagram socket that is connected has asked the kernel for a route, and sent nothing.
std::optional<EgressAddress> chosen_for(const char* documentation_address) {
  const bool v6 = std::strchr(documentation_address, ':') != nullptr;
  const int family = v6 ? AF_INET6 : AF_INET;
  sockaddr_in6 to6{.sin6_family = AF_INET6, .sin6_port = htons(443)};
  sockaddr_in to4{};
  to4.sin_family = AF_INET;
  to4.sin_port = htons(443);
  ::inet_pton(family, documentation_address,
              v6 ? static_cast<void*>(&to6.sin6_addr) : &to4.sin_addr);
  const int fd = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;
  const auto* to =
      v6 ? reinterpret_cast<const sockaddr*>(&to6) : reinterpret_cast<const sockaddr*>(&to4);
  socklen_t size = v6 ? sizeof to6 : sizeof to4;
  sockaddr_storage from{};
  socklen_t from_size = sizeof from;
  const bool known = ::connect(fd, to, size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&from), &from_size) == 0;
  ::close(fd);
  if (!known) return std::nullopt;
  if (v6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(from).sin6_addr;
    if (IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_LINKLOCAL(&address)) return std::nullopt;
    return EgressAddress{text_of(family, &address), 128};
  }
  const auto& address = reinterpret_cast<const sockaddr_in&>(from).sin_addr;
  if ((ntohl(address.s_addr) >> 24) == 127) return std::nullopt;
  return EgressAddress{text_of(family, &address), 32};
}

}  // namespace

std::string EgressAddress::cidr() const {
  return fmt::format("{}/{}", address, prefix_length);
}

EgressAddress parse_egress_address(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  unsigned char bytes[16];
  const int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (::inet_pton(family, address.c_str(), bytes) != 1) throw invalid(text, "not an IP address");
  const int bits = family == AF_INET ? 32 : 128;
  int prefix = bits;
  if (slash != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data() + slash + 1, end, prefix);
    if (failed != std::errc() || rest != end || prefix < 0 || prefix > bits)
      throw invalid(text, fmt::format("its prefix length is not between 0 and {}", bits));
  }
  for (int bit = prefix; bit < bits; ++bit) {
    if ((bytes[bit / 8] & (0x80 >> (bit % 8))) != 0)
      throw invalid(text, "its address has bits beyond the prefix length");
  }
  return {text_of(family, bytes), prefix};
}

std::vector<EgressAddress> own_egress_addresses() {
  std::vector<EgressAddress> addresses;
  // Of the ranges that are set aside for documentation: routed like any address outside.
  for (const char* outside : {"192.0.2.1", "2001:db8::1"}) {
    if (auto address = chosen_for(outside)) addresses.push_back(std::move(*address));
  }
  return addresses;
}

}  // namespace tailrace::engine
