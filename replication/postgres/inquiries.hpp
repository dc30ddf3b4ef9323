// What the stream's thread must know of a table before it goes on, answered by the monitor, which has an ordinary
// session upstream.
//
// The stream describes a table anew after every change of it, and tells less than upstream's catalog: neither which
// columns these are, nor that the table was out of the publication for a while. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "replication/postgres/config.hpp"
#include "replication/postgres/event_fd.hpp"

namespace tailrace::replication {

class Inquiries {
 public:
  struct Question {
    std::shared_ptr<const TableExport> table;
    std::uint32_t xid = 0;  // of the transaction in which the description came
    std::uint64_t round = 0;
  };
  struct Answer {
    storage::CollectionId table;
    std::optional<std::string> failure;  // why it cannot go on; nothing: it can
    bool of_source = false;              // neither can any other table
  };

  // The stream's side.
  void begin_session();  // forgets what an earlier session asked
  void ask(std::shared_ptr<const TableExport> table, std::uint32_t xid);
  bool waits() const;  // for some answer
  std::vector<Answer> take();
  // Of the oldest question without an answer; zero: there is none.
  std::chrono::steady_clock::duration waited() const;
  std::string trouble() const;  // why the monitor cannot look; empty: it can

  // The monitor's side.
  const EventFd& asked() const { return asked_; }
  std::optional<Question> next();  // stays until it is answered
  void answer(const Question& question, Answer answer);
  void set_trouble(std::string why);

 private:
  mutable std::mutex mutex_;
  EventFd asked_;  // readable while there are questions
  std::uint64_t round_ = 0;
  std::deque<Question> questions_;
  std::vector<Answer> answers_;
  std::chrono::steady_clock::time_point since_;
  std::string trouble_;
};

}  // namespace tailrace::replication
