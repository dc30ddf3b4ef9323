#include "server/pgwire/startup_packet.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "repr/scalar_text.hpp"
#include "server/fatal_error.hpp"
#include "server/pgwire/byte_reader.hpp"

namespace tailrace::server {

namespace {

constexpr std::uint32_t tls_request_code = 80877103;
constexpr std::uint32_t gss_request_code = 80877104;
constexpr std::uint32_t cancel_request_code = 80877102;

// Words of a command line: blanks separate, a backslash takes the next character as it is.
std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool blank = text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r');
    if (blank) {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
      continue;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    word += text[i];
    in_word = true;
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

std::pair<std::string, std::string> parse_assignment(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw FatalError(sqlstate::syntax_error,
                     fmt::format("the start-up option \"{}\" requires a value", assignment));
  }
  std::string name(assignment.substr(0, equals));
  std::replace(name.begin(), name.end(), '-', '_');
  return {std::move(name), std::string(assignment.substr(equals + 1))};
}

StartupMessage decode_startup_message(std::uint32_t version, ByteReader& reader) {
  StartupMessage message;
  message.minor_version = static_cast<std::uint16_t>(version & 0xffff);
  for (;;) {
    const std::string_view name = reader.read_string();
    if (name.empty()) break;
    const std::string_view value = reader.read_string();
    check_utf8(name);
    check_utf8(value);
    if (name == "user") {
      message.user = value;
    } else if (name == "database") {
      message.database = value;
    } else if (name == "options") {
      for (auto& setting : parse_options(value)) message.settings.push_back(std::move(setting));
    } else if (name.starts_with("_pq_.")) {
      message.unknown_protocol_options.emplace_back(name);
    } else if (name == "replication") {
      if (value != "false" && value != "off" && value != "no" && value != "0") {
        throw FatalError(sqlstate::feature_not_supported,
                         "the replication protocol is not supported");
      }
    } else {
      message.settings.emplace_back(name, value);
    }
  }
  reader.expect_end();
  if (message.user.empty()) {
    throw FatalError(sqlstate::invalid_authorization,
                     "no user name specified in the start-up packet");
  }
  return message;
}

StartupPacket decode(ByteReader& reader) {
  const std::uint32_t code = reader.read_uint32();
  switch (code) {
    case tls_request_code:
      reader.expect_end();
      return TlsRequest{};
    case gss_request_code:
      reader.expect_end();
      return GssRequest{};
    case cancel_request_code: {
      CancelRequest request;
      request.connection_id = reader.read_uint32();
      request.secret_key = reader.read_uint32();
      reader.expect_end();
      return request;
    }
    default:
      break;
  }
  if (code >> 16 != 3) {
    throw FatalError(sqlstate::feature_not_supported,
                     fmt::format("unsupported frontend protocol {}.{}: server supports 3.0",
                                 code >> 16, code & 0xffff));
  }
  return decode_startup_message(code, reader);
}

}  // namespace

StartupPacket decode_startup_packet(std::string_view payload) {
  ByteReader reader(payload);
  try {
    return decode(reader);
  } catch (const FatalError&) {
    throw;
  } catch (const SqlError& error) {
    throw FatalError(error.state(), "invalid start-up packet: " + error.message());
  }
}

std::vector<std::pair<std::string, std::string>> parse_options(std::string_view options) {
  std::vector<std::pair<std::string, std::string>> settings;
  const std::vector<std::string> words = split_words(options);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "-c" && i + 1 < words.size()) {
      settings.push_back(parse_assignment(words[++i]));
    } else if (word.starts_with("-c") && word.size() > 2) {
      settings.push_back(parse_assignment(word.substr(2)));
    } else if (word.starts_with("--") && word.size() > 2) {
      settings.push_back(parse_assignment(word.substr(2)));
    } else {
      throw FatalError(sqlstate::syntax_error,
                       fmt::format("invalid command-line argument for server process: {}", word))
          .hint("Write -c name=value or --name=value.");
    }
  }
  return settings;
}

bool looks_like_http(std::string_view bytes) {
  for (const std::string_view method :
       {"GET ", "POST", "PUT ", "HEAD", "OPTI", "DELE", "PATC", "CONN"}) {
    if (bytes.starts_with(method)) return true;
  }
  return false;
}

bool looks_like_tls(std::string_view bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x16 && bytes[1] == 0x03;
}

}  // namespace tailrace::server
