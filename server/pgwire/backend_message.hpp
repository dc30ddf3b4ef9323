// The messages we send: values in, bytes appended to an output buffer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "repr/error.hpp"
#include "repr/schema.hpp"

namespace tailrace::server {

void append_uint16(std::string& out, std::uint16_t value);
void append_uint32(std::string& out, std::uint32_t value);

// One message under construction: the length is filled in when it goes out of scope.
class MessageWriter {
 public:
  MessageWriter(std::string& out, char kind) : out_(out) {
    out_ += kind;
    start_ = out_.size();
    out_.append(4, '\0');
  }
  ~MessageWriter();
  MessageWriter(const MessageWriter&) = delete;
  MessageWriter& operator=(const MessageWriter&) = delete;

  MessageWriter& byte(char value) { return out_ += value, *this; }
  MessageWriter& uint16(std::uint16_t value) { return append_uint16(out_, value), *this; }
  MessageWriter& uint32(std::uint32_t value) { return append_uint32(out_, value), *this; }
  MessageWriter& bytes(std::string_view value) { return out_ += value, *this; }
  MessageWriter& string(std::string_view value) { return out_.append(value) += '\0', *this; }

 private:
  std::string& out_;
  std::size_t start_;
};

// A message without a payload.
void append_empty(std::string& out, char kind);

enum class ErrorSeverity : std::uint8_t { error, fatal };
void append_error(std::string& out, const SqlError& error, ErrorSeverity severity);
void append_notice(std::string& out, const Notice& notice);

void append_authentication_ok(std::string& out);
void append_authentication_sasl(std::string& out, std::span<const std::string_view> mechanisms);
void append_authentication_sasl_continue(std::string& out, std::string_view data);
void append_authentication_sasl_final(std::string& out, std::string_view data);
void append_negotiate_protocol_version(std::string& out, std::span<const std::string> unknown);
void append_backend_key(std::string& out, std::uint32_t connection_id, std::uint32_t secret_key);
void append_parameter_status(std::string& out, std::string_view name, std::string_view value);
void append_ready_for_query(std::string& out, char transaction_status);

// `formats` as Bind gave them: none, one for all, or one a column.
void append_row_description(std::string& out, const Schema& schema,
                            std::span<const std::int16_t> formats);
void append_parameter_description(std::string& out, std::span<const Type> types);
void append_command_complete(std::string& out, std::string_view tag);
enum class CopyDirection : char { in = 'G', out = 'H' };
void append_copy_response(std::string& out, CopyDirection direction, bool binary,
                          std::size_t columns);

}  // namespace tailrace::server
