#include "replication/postgres/read_pacing.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using tailrace::replication::ReadPacing;

namespace {

// A stream that is read to its end each time; upstream's clock is years away from ours.
struct Reader {
  ReadPacing::Clock::time_point now{};
  ReadPacing pacing{now};
  std::int64_t sent_at = 800'000'000'000'000;

  void read(std::size_t bytes, std::chrono::microseconds lag) {
    pacing.transaction_committed(sent_at - lag.count());
    pacing.received(bytes, sent_at);
  }
  void be_behind() {
    read(100, 1s);
    CHECK(pacing.is_behind());
    CHECK(nap_after(1s) == 500us);
  }
  ReadPacing::Clock::duration nap_after(ReadPacing::Clock::duration passed) {
    now += passed;
    const auto nap = pacing.nap(now);
    now += nap;
    pacing.waited(now);
    return nap;
  }
};

}  // namespace

TEST_CASE("a sender that keeps up is waited for at once") {
  Reader reader;
  reader.pacing.let_sender_gather();
  for (int i = 0; i < 100; ++i) {
    reader.read(500, 2ms);
    CHECK_FALSE(reader.pacing.is_behind());
    CHECK(reader.nap_after(10ms) == 0ms);
  }
}

TEST_CASE("messages that follow each other closely are read in short naps") {
  Reader reader;
  reader.pacing.let_sender_gather();
  for (int i = 0; i < 4; ++i) {
    reader.read(500, 2ms);
    CHECK(reader.nap_after(100us) == 0ms);
  }
  reader.read(500, 2ms);
  CHECK(reader.nap_after(100us) == 500us);
  reader.read(64 * 1024, 2ms);
  CHECK(reader.nap_after(100us) == 0ms);
  CHECK(reader.nap_after(100us) == 0ms);  // nothing came
  reader.read(500, 2ms);
  CHECK(reader.nap_after(100us) == 0ms);
}

TEST_CASE("a sender on this machine that is behind may gather a megabyte") {
  Reader reader;
  reader.pacing.let_sender_gather();
  reader.be_behind();
  reader.read(512 * 1024, 1s);
  // The rate goes by all that passes between two moments with nothing left to read, naps too.
  CHECK(reader.nap_after(5ms) == 11ms);
  reader.read(2 << 20, 1s);
  CHECK(reader.nap_after(6ms) == 8500us);
}

TEST_CASE("a nap is neither tiny nor long, nor long beside the lag") {
  Reader reader;
  reader.pacing.let_sender_gather();
  reader.be_behind();
  reader.read(64 << 20, 1s);
  CHECK(reader.nap_after(1ms) == 500us);
  reader.read(100, 1s);
  CHECK(reader.nap_after(1s) == 20ms);
  reader.read(100, 24ms);
  CHECK(reader.nap_after(1s) == 6ms);
}

TEST_CASE("one late commit is no backlog") {
  Reader reader;
  reader.pacing.let_sender_gather();
  for (int i = 0; i < 10; ++i) {
    reader.read(100, 100ms);
    CHECK(reader.nap_after(10ms) == 500us);
    reader.read(100, 1ms);
    CHECK(reader.nap_after(10ms) == 0ms);
  }
}

TEST_CASE("a sender across a network is read often, that its window stays open") {
  Reader reader;
  reader.read(500, 1s);
  CHECK(reader.nap_after(1s) == 500us);
  reader.read(64 * 1024, 1s);
  CHECK(reader.nap_after(1ms) == 0ms);
}
