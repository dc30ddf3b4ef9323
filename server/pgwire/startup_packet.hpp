// What a client may send first: a start-up message, a request for encryption, or one to cancel.
//
// Pure functions over the payload of the packet (without its length). Throws FatalError for
// anything else, with a message that says what was expected.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tailrace::server {

struct TlsRequest {};
struct GssRequest {};
struct CancelRequest {
  std::uint32_t connection_id = 0;
  std::uint32_t secret_key = 0;
};
struct StartupMessage {
  std::string user;
  std::string database;                                       // empty: the default
  std::vector<std::pair<std::string, std::string>> settings;  // `options` taken apart, in order
  std::uint16_t minor_version = 0;                            // we speak 3.0 whatever it is
  std::vector<std::string> unknown_protocol_options;          // _pq_.*
};
using StartupPacket = std::variant<TlsRequest, GssRequest, CancelRequest, StartupMessage>;

StartupPacket decode_startup_packet(std::string_view payload);

// "-c name=value --other-name=value" with backslashes before blanks: names and values in order.
// Throws FatalError for anything but settings.
std::vector<std::pair<std::string, std::string>> parse_options(std::string_view options);

// True if the first bytes are those of another protocol's client that came to the wrong port.
bool looks_like_http(std::string_view bytes);
bool looks_like_tls(std::string_view bytes);

}  // namespace tailrace::server
