// A session: what one client has set, prepared, opened and begun. The seam between SQL and the
// protocols.
//
// Every call may block (on commits, on lagging views, on data for SUBSCRIBE) and runs on the
// caller's thread; one call at a time. `cancel` and `terminate` alone may come from any other
// thread at any time. Errors are SqlError; a call that throws has no effect but that of a failed
// statement on the transaction.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "grammar/parser.hpp"
#include "repr/batch.hpp"
#include "repr/cancel.hpp"
#include "repr/error.hpp"

namespace tailrace::engine {

class Environment;

enum class TransactionStatus : char { idle = 'I', in_block = 'T', failed = 'E' };

// Rows of a result, pulled by who sends them: a slow client slows execution down.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual const Schema& schema() const = 0;
  // At least one and at most `rows_max` rows (0: a convenient number), in order, every diff 1;
  // nothing: the end. Blocks until there are some; throws what cancels the statement. The columns
  // are in the schema's order.
  virtual std::optional<Batch> next(std::size_t rows_max) = 0;
  // True if long waits may lie between rows (SUBSCRIBE): each batch is sent as soon as it is there.
  virtual bool is_streaming() const { return false; }
};

enum class CopyFormat : std::uint8_t { text, csv, binary };
struct CopyOptions {
  CopyFormat format = CopyFormat::text;
  char delimiter = '\t';
  std::string null = "\\N";
  bool header = false;
  char quote = '"';
  char escape = '"';
};

// COPY ... FROM STDIN: takes bytes as they come.
class CopySink {
 public:
  virtual ~CopySink() = default;  // without finish: nothing is written
  virtual std::size_t column_count() const = 0;
  virtual CopyFormat format() const = 0;
  virtual void write(std::string_view bytes) = 0;
  virtual std::string finish() = 0;  // the command tag
};

// What running a statement gives. One of `rows`, `copy_in` or neither.
struct StatementResult {
  // Without the count: "CREATE TABLE", "INSERT 0 3", "BEGIN". With `rows`: the tag is `tag` and the
  // number of rows sent, as in "SELECT 5", "FETCH 2", "COPY 7"; if `tag_has_count`, it is complete
  // already ("INSERT 0 3" RETURNING).
  std::string tag;
  bool tag_has_count = false;
  std::unique_ptr<RowSource> rows;
  std::optional<CopyOptions> copy_out;  // send `rows` in COPY's protocol
  std::unique_ptr<CopySink> copy_in;
};

struct PreparedStatement {
  std::shared_ptr<const grammar::ParsedStatement> statement;  // nullptr: the empty query
  std::vector<Type> parameters;
  std::optional<Schema> columns;  // of the rows it gives, if it gives any
  bool is_copy = false;           // its rows go by COPY: no RowDescription
  // The engine's own: replaced when the catalog, the session's settings or the indexes have changed.
  mutable std::shared_ptr<const void> plan;
};
using PreparedStatementPtr = std::shared_ptr<const PreparedStatement>;

// A statement with its parameters, ready to run or running.
struct Portal {
  PreparedStatementPtr prepared;
  std::vector<Value> parameters;
  std::vector<std::int16_t> result_formats;  // as Bind gave them
  bool started = false;
  StatementResult result;  // once started
  bool finished = false;   // its last row was sent: set by the protocol
};

struct SessionOptions {
  std::string user;
  std::string database;  // empty: the default
  std::vector<std::pair<std::string, std::string>>
      variables;  // startup parameters and -c options, in order
  std::string client_address;
  std::uint32_t connection_id = 0;
  bool internal = false;  // came by the internal listener
};

class Session {
 public:
  // Throws 28000 / 3D000 / 22023 as the start-up of a connection reports them. Unknown databases
  // only warn.
  static std::unique_ptr<Session> open(Environment& environment, SessionOptions options);
  virtual ~Session() = default;

  // Notices of the statement run last and reported settings that changed since the last call.
  virtual std::vector<Notice> take_notices() = 0;
  // Those that are to reach the client while its statement waits. From any thread.
  virtual std::vector<Notice> take_notices_while_waiting() { return {}; }
  virtual std::vector<std::pair<std::string, std::string>> take_changed_parameters() = 0;
  // All settings that the protocol reports at start-up (ParameterStatus).
  virtual std::vector<std::pair<std::string, std::string>> reported_parameters() const = 0;
  virtual int extra_float_digits() const = 0;
  virtual TransactionStatus transaction_status() const = 0;
  // idle_in_transaction_session_timeout; 0: none. Its default where a session has no such setting.
  virtual std::chrono::milliseconds idle_in_transaction_timeout() const {
    return std::chrono::minutes(2);
  }
  // How long the portal's statement may run; 0: for ever. Kept by the protocol, which cancels it.
  virtual std::chrono::milliseconds statement_timeout(const Portal&) const { return {}; }

  // Types may be unknown (0 in the protocol): the statement's context decides.
  virtual PreparedStatementPtr prepare(std::shared_ptr<const grammar::ParsedStatement> statement,
                                       const std::vector<std::optional<Type>>& parameters) = 0;
  // Named statements and portals: one namespace each, shared with PREPARE and DECLARE. "" is the
  // unnamed one, replaced silently. `find_` throws 26000 / 34000.
  virtual void store_prepared(const std::string& name, PreparedStatementPtr prepared) = 0;
  virtual PreparedStatementPtr find_prepared(const std::string& name) const = 0;
  virtual void close_prepared(const std::string& name) = 0;  // no error if there is none
  virtual std::shared_ptr<Portal> bind(const std::string& portal_name,
                                       PreparedStatementPtr prepared, std::vector<Value> parameters,
                                       std::vector<std::int16_t> result_formats) = 0;
  virtual std::shared_ptr<Portal> find_portal(const std::string& name) const = 0;
  virtual void close_portal(const std::string& name) = 0;

  // Starts the portal (first call) and leaves its result in it. A statement outside BEGIN runs in
  // an implicit transaction that `end_implicit` ends: after each Sync, and after each simple query
  // as a whole.
  virtual void start(Portal& portal) = 0;
  // True if `start` would not block for long (a look-up in an index, SHOW): may run on an I/O
  // thread.
  virtual bool starts_at_once(const Portal& portal) const = 0;
  // Commits the implicit transaction (or rolls it back if a statement failed); throws what commit
  // says.
  virtual void end_implicit(bool failed) = 0;
  // A statement failed: an explicit transaction is now failed.
  virtual void fail() = 0;

  // From any thread.
  // The running statement fails with the reason.
  virtual void cancel(SqlError reason = SqlError(sqlstate::query_canceled,
                                                 "canceling statement due to user request")) = 0;
  virtual void terminate(
      SqlError reason) = 0;  // this and every later statement: idle timeout, shutdown
};

// Checked before a Session is opened: SCRAM verifier of the role ("" if it may log in without
// password on this listener). Throws 28000 for what may not log in at all.
std::string password_verifier(Environment& environment, std::string_view user);

}  // namespace tailrace::engine
