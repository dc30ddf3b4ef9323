// Errors that a user causes: one exception type, with what PostgreSQL's protocol can carry.
//
// Thrown wherever SQL text, wire bytes, upstream rows or settings are wrong; caught at the two
// outermost loops only (a session's, a worker's). Our own bugs are not errors: see `ensure`.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace {

// An SQLSTATE: five characters, from the list in PostgreSQL's Appendix A plus the dialect's own.
struct SqlState {
  char code[6];

  constexpr SqlState(const char (&text)[6]) : code{} {  // NOLINT: implicit on purpose
    for (int i = 0; i < 5; ++i) code[i] = text[i];
  }
  constexpr SqlState() : code{"XX000"} {}
  constexpr std::string_view view() const { return {code, 5}; }
  friend bool operator==(const SqlState& a, const SqlState& b) { return a.view() == b.view(); }

  // Reads five characters; anything else gives XX000.
  static SqlState from_text(std::string_view text);
};

namespace sqlstate {
inline constexpr SqlState successful_completion{"00000"};
inline constexpr SqlState warning{"01000"};
inline constexpr SqlState connection_failure{"08006"};
inline constexpr SqlState protocol_violation{"08P01"};
inline constexpr SqlState feature_not_supported{"0A000"};
inline constexpr SqlState cardinality_violation{"21000"};
inline constexpr SqlState string_data_right_truncation{"22001"};
inline constexpr SqlState numeric_value_out_of_range{"22003"};
inline constexpr SqlState null_value_not_allowed{"22004"};
inline constexpr SqlState invalid_datetime_format{"22007"};
inline constexpr SqlState datetime_field_overflow{"22008"};
inline constexpr SqlState invalid_time_zone{"22009"};
inline constexpr SqlState division_by_zero{"22012"};
inline constexpr SqlState interval_field_overflow{"22015"};
inline constexpr SqlState character_not_in_repertoire{"22021"};
inline constexpr SqlState invalid_parameter_value{"22023"};
inline constexpr SqlState invalid_escape_sequence{"22025"};
inline constexpr SqlState invalid_text_representation{"22P02"};
inline constexpr SqlState invalid_binary_representation{"22P03"};
inline constexpr SqlState bad_copy_file_format{"22P04"};
inline constexpr SqlState invalid_regular_expression{"2201B"};
inline constexpr SqlState array_subscript_error{"2202E"};
inline constexpr SqlState not_null_violation{"23502"};
inline constexpr SqlState invalid_cursor_state{"24000"};
inline constexpr SqlState active_sql_transaction{"25001"};
inline constexpr SqlState no_active_sql_transaction{"25P01"};
inline constexpr SqlState in_failed_sql_transaction{"25P02"};
inline constexpr SqlState idle_in_transaction_timeout{"25P03"};
inline constexpr SqlState read_only_sql_transaction{"25006"};
inline constexpr SqlState invalid_sql_statement_name{"26000"};
inline constexpr SqlState invalid_authorization{"28000"};
inline constexpr SqlState invalid_password{"28P01"};
inline constexpr SqlState dependent_objects_still_exist{"2BP01"};
inline constexpr SqlState invalid_cursor_name{"34000"};
inline constexpr SqlState undefined_database{"3D000"};
inline constexpr SqlState undefined_schema{"3F000"};
inline constexpr SqlState serialization_failure{"40001"};
inline constexpr SqlState insufficient_privilege{"42501"};
inline constexpr SqlState syntax_error{"42601"};
inline constexpr SqlState duplicate_column{"42701"};
inline constexpr SqlState ambiguous_column{"42702"};
inline constexpr SqlState undefined_column{"42703"};
inline constexpr SqlState undefined_object{"42704"};
inline constexpr SqlState duplicate_object{"42710"};
inline constexpr SqlState duplicate_alias{"42712"};
inline constexpr SqlState ambiguous_function{"42725"};
inline constexpr SqlState grouping_error{"42803"};
inline constexpr SqlState datatype_mismatch{"42804"};
inline constexpr SqlState wrong_object_type{"42809"};
inline constexpr SqlState cannot_coerce{"42846"};
inline constexpr SqlState undefined_function{"42883"};
inline constexpr SqlState reserved_name{"42939"};
inline constexpr SqlState undefined_table{"42P01"};
inline constexpr SqlState undefined_parameter{"42P02"};
inline constexpr SqlState duplicate_cursor{"42P03"};
inline constexpr SqlState duplicate_database{"42P04"};
inline constexpr SqlState duplicate_prepared_statement{"42P05"};
inline constexpr SqlState duplicate_schema{"42P06"};
inline constexpr SqlState duplicate_table{"42P07"};
inline constexpr SqlState ambiguous_parameter{"42P08"};
inline constexpr SqlState invalid_column_reference{"42P10"};
inline constexpr SqlState invalid_cursor_definition{"42P11"};
inline constexpr SqlState indeterminate_datatype{"42P18"};
inline constexpr SqlState invalid_object_definition{"42P17"};
inline constexpr SqlState out_of_memory{"53200"};
inline constexpr SqlState disk_full{"53100"};
inline constexpr SqlState too_many_connections{"53300"};
inline constexpr SqlState configuration_limit_exceeded{"53400"};
inline constexpr SqlState program_limit_exceeded{"54000"};
inline constexpr SqlState statement_too_complex{"54001"};
inline constexpr SqlState object_not_in_prerequisite_state{"55000"};
inline constexpr SqlState object_in_use{"55006"};
inline constexpr SqlState query_canceled{"57014"};
inline constexpr SqlState admin_shutdown{"57P01"};
inline constexpr SqlState cannot_connect_now{"57P03"};
inline constexpr SqlState io_error{"58030"};
inline constexpr SqlState internal_error{"XX000"};
inline constexpr SqlState data_corrupted{"XX001"};
}  // namespace sqlstate

// What went wrong, for the reader: message in lower case without a full stop and naming the object;
// detail and hint in whole sentences. `position` counts characters of the statement from 1.
class SqlError : public std::exception {
 public:
  SqlError(SqlState state, std::string message) : state_(state), message_(std::move(message)) {}

  SqlError& detail(std::string text) & { return detail_ = std::move(text), *this; }
  SqlError& hint(std::string text) & { return hint_ = std::move(text), *this; }
  SqlError& position(std::uint32_t characters) & { return position_ = characters, *this; }
  SqlError&& detail(std::string text) && { return std::move(detail(std::move(text))); }
  SqlError&& hint(std::string text) && { return std::move(hint(std::move(text))); }
  SqlError&& position(std::uint32_t characters) && { return std::move(position(characters)); }

  SqlState state() const { return state_; }
  const std::string& message() const { return message_; }
  const std::string& detail() const { return detail_; }  // empty: none
  const std::string& hint() const { return hint_; }      // empty: none
  std::uint32_t position() const { return position_; }   // 0: none
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  SqlState state_;
  std::string message_;
  std::string detail_;
  std::string hint_;
  std::uint32_t position_ = 0;
};

// 0A000, naming what is missing: `unsupported("CREATE SINK")` says "CREATE SINK is not supported".
SqlError unsupported(std::string_view feature);

// A notice or warning for the client that runs the statement.
struct Notice {
  enum class Severity { debug, log, info, notice, warning };
  Severity severity = Severity::notice;
  SqlState state = sqlstate::successful_completion;
  std::string message;
  std::string detail;
  std::string hint;
};

// A broken invariant of ours: prints the message and aborts. Never for anything outside data can
// cause.
[[noreturn]] void invariant_broken(const char* file, int line, const char* condition,
                                   std::string_view why);

#define ensure(condition, why) \
  ((condition) ? void() : ::tailrace::invariant_broken(__FILE__, __LINE__, #condition, (why)))

}  // namespace tailrace
