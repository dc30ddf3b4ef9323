#include "server/pgwire/backend_message.hpp"

#include <cstring>

namespace tailrace::server {

namespace {

constexpr Oid unknown_oid = 705;
constexpr Oid text_oid = 25;

std::string_view severity_name(Notice::Severity severity) {
  switch (severity) {
    case Notice::Severity::debug:
      return "DEBUG";
    case Notice::Severity::log:
      return "LOG";
    case Notice::Severity::info:
      return "INFO";
    case Notice::Severity::notice:
      return "NOTICE";
    case Notice::Severity::warning:
      return "WARNING";
  }
  return "NOTICE";
}

// The fields that errors and notices share.
void append_fields(MessageWriter& writer, std::string_view severity, SqlState state,
                   std::string_view message, std::string_view detail, std::string_view hint) {
  writer.byte('S').string(severity).byte('V').string(severity);
  writer.byte('C').string(state.view()).byte('M').string(message);
  if (!detail.empty()) writer.byte('D').string(detail);
  if (!hint.empty()) writer.byte('H').string(hint);
}

void append_authentication(std::string& out, std::uint32_t kind, std::string_view data) {
  MessageWriter(out, 'R').uint32(kind).bytes(data);
}

}  // namespace

void append_uint16(std::string& out, std::uint16_t value) {
  value = __builtin_bswap16(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_uint32(std::string& out, std::uint32_t value) {
  value = __builtin_bswap32(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

MessageWriter::~MessageWriter() {
  const std::uint32_t length = __builtin_bswap32(static_cast<std::uint32_t>(out_.size() - start_));
  std::memcpy(out_.data() + start_, &length, sizeof length);
}

void append_empty(std::string& out, char kind) {
  MessageWriter(out, kind);
}

void append_error(std::string& out, const SqlError& error, ErrorSeverity severity) {
  MessageWriter writer(out, 'E');
  append_fields(writer, severity == ErrorSeverity::fatal ? "FATAL" : "ERROR", error.state(),
                error.message(), error.detail(), error.hint());
  if (error.position() > 0) writer.byte('P').string(std::to_string(error.position()));
  writer.byte('\0');
}

void append_notice(std::string& out, const Notice& notice) {
  MessageWriter writer(out, 'N');
  append_fields(writer, severity_name(notice.severity), notice.state, notice.message, notice.detail,
                notice.hint);
  writer.byte('\0');
}

void append_authentication_ok(std::string& out) {
  append_authentication(out, 0, {});
}

void append_authentication_sasl(std::string& out, std::span<const std::string_view> mechanisms) {
  std::string list;
  for (const std::string_view mechanism : mechanisms) list.append(mechanism) += '\0';
  list += '\0';
  append_authentication(out, 10, list);
}

void append_authentication_sasl_continue(std::string& out, std::string_view data) {
  append_authentication(out, 11, data);
}

void append_authentication_sasl_final(std::string& out, std::string_view data) {
  append_authentication(out, 12, data);
}

void append_negotiate_protocol_version(std::string& out, std::span<const std::string> unknown) {
  MessageWriter writer(out, 'v');
  writer.uint32(0).uint32(static_cast<std::uint32_t>(unknown.size()));
  for (const std::string& option : unknown) writer.string(option);
}

void append_backend_key(std::string& out, std::uint32_t connection_id, std::uint32_t secret_key) {
  MessageWriter(out, 'K').uint32(connection_id).uint32(secret_key);
}

void append_parameter_status(std::string& out, std::string_view name, std::string_view value) {
  MessageWriter(out, 'S').string(name).string(value);
}

void append_ready_for_query(std::string& out, char transaction_status) {
  MessageWriter(out, 'Z').byte(transaction_status);
}

void append_row_description(std::string& out, const Schema& schema,
                            std::span<const std::int16_t> formats) {
  MessageWriter writer(out, 'T');
  writer.uint16(static_cast<std::uint16_t>(schema.size()));
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const Type& type = schema.columns[i].type;
    // A literal whose type nothing decided is sent as text.
    const Oid oid = type.oid() == unknown_oid ? text_oid : type.oid();
    const std::int16_t format =
        formats.empty() ? std::int16_t{0} : formats[formats.size() == 1 ? 0 : i];
    writer.string(schema.columns[i].name).uint32(0).uint16(0).uint32(oid);
    writer.uint16(static_cast<std::uint16_t>(type.length()));
    writer.uint32(static_cast<std::uint32_t>(type.wire_modifier()));
    writer.uint16(static_cast<std::uint16_t>(format));
  }
}

void append_parameter_description(std::string& out, std::span<const Type> types) {
  MessageWriter writer(out, 't');
  writer.uint16(static_cast<std::uint16_t>(types.size()));
  for (const Type& type : types) writer.uint32(type.oid());
}

void append_command_complete(std::string& out, std::string_view tag) {
  MessageWriter(out, 'C').string(tag);
}

void append_copy_response(std::string& out, CopyDirection direction, bool binary,
                          std::size_t columns) {
  MessageWriter writer(out, static_cast<char>(direction));
  writer.byte(binary ? '\1' : '\0').uint16(static_cast<std::uint16_t>(columns));
  for (std::size_t i = 0; i < columns; ++i) writer.uint16(binary ? 1 : 0);
}

}  // namespace tailrace::server
