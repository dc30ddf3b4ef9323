#include "replication/postgres/inquiries.hpp"

#include <utility>

namespace tailrace::replication {

using std::chrono::steady_clock;

void Inquiries::begin_session() {
  const std::lock_guard lock(mutex_);
  ++round_;
  questions_.clear();
  answers_.clear();
  asked_.clear();
}

void Inquiries::ask(std::shared_ptr<const TableExport> table, std::uint32_t xid) {
  const std::lock_guard lock(mutex_);
  if (questions_.empty()) since_ = steady_clock::now();
  questions_.push_back({.table = std::move(table), .xid = xid, .round = round_});
  asked_.notify();
}

bool Inquiries::waits() const {
  const std::lock_guard lock(mutex_);
  return !questions_.empty();
}

std::vector<Inquiries::Answer> Inquiries::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

steady_clock::duration Inquiries::waited() const {
  const std::lock_guard lock(mutex_);
  return questions_.empty() ? steady_clock::duration::zero() : steady_clock::now() - since_;
}

std::optional<Inquiries::Question> Inquiries::next() {
  const std::lock_guard lock(mutex_);
  if (questions_.empty()) return std::nullopt;
  return questions_.front();
}

void Inquiries::answer(const Question& question, Answer answer) {
  const std::lock_guard lock(mutex_);
  if (question.round != round_ || questions_.empty()) return;
  questions_.pop_front();
  answers_.push_back(std::move(answer));
  since_ = steady_clock::now();
  if (questions_.empty()) asked_.clear();
}

std::string Inquiries::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void Inquiries::set_trouble(std::string why) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(why);
}

}  // namespace tailrace::replication
