// A database without an engine: knows a handful of statements by their text, so that the protocols
// can be tested alone.
//
//   SELECT <n>             an int4 column `i` with the rows 1..n (n <= 100000)
//   SELECT $1              an int4 column with the parameter
//   SELECT 'texts'         a text column with what COPY must escape, and a NULL
//   SELECT 'fail'          22012 after its first row
//   SELECT 'forever'       waits until it is cancelled
//   SUBSCRIBE t            a row, which must arrive before the wait that follows it
//   COPY (<one of these>) TO STDOUT [WITH (FORMAT csv|binary)]
//   COPY t FROM STDIN      `copied` has what came
//   DELETE FROM t          a command that waits until it is cancelled
//   DROP TABLE t           a command with a notice
//   SET application_name TO x
//   BEGIN, COMMIT, ROLLBACK
#pragma once

#include <atomic>
#include <map>
#include <string>

#include "server/backend.hpp"

namespace tailrace::server::test {

// What PostgreSQL stores for the password "pencil" with RFC 7677's salt and iterations.
inline constexpr const char* pencil_verifier =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

class FakeBackend final : public Backend {
 public:
  std::unique_ptr<engine::Session> open_session(engine::SessionOptions options) override;
  std::string password_verifier(std::string_view user) override;
  std::size_t session_count() const override { return open_sessions; }
  std::size_t session_count_max() const override { return sessions_max; }
  std::vector<engine::Environment::Metric> metrics() const override;

  std::map<std::string, std::string, std::less<>> verifiers;
  std::atomic<std::size_t> open_sessions = 0;
  std::atomic<std::size_t> waiting = 0;    // statements that have come to wait
  std::atomic<std::size_t> cancelled = 0;  // statements that were told to stop
  std::size_t sessions_max = 100;
  std::chrono::milliseconds idle_timeout{0};
  std::chrono::milliseconds statement_timeout{0};
  std::string copied;
  std::string commit_error;  // what end_implicit says, once
};

}  // namespace tailrace::server::test
