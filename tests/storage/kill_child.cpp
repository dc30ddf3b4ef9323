// Commits a known sequence of changes and says on standard output what was acknowledged, until it
// is killed.
//
// kill_child DIRECTORY SYNC (0 or 1): goes on after the last step that the store has
// (kill_sequence.hpp). A view follows the first table by appends, and everything is compacted all
// the time. Lines: "opened TIME", then "STEP TIME" per commit.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/storage/kill_sequence.hpp"

using namespace tailrace;
using namespace tailrace::storage;
using namespace tailrace::storage::testing;

namespace {

void say(const std::string& line) {
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(1);  // the parent is gone
}

void fail(const SqlError& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  std::_Exit(2);
}

// The view has, at each time, what the first table has. The hold trails its upper: what a poll gave
// is not in the view yet, and a restart would have to ask for it again.
void follow(Store& store, Listener& listener, ReadHold& hold) {
  while (auto changes = listener.poll()) {
    Delta delta;
    const std::vector<int> columns{0, 1};
    for (const auto& collection : changes->changed) {
      for (const auto& chunk : collection.rows.chunks) {
        const Batch batch = chunk->read(columns);
        if (batch.rows > 0) delta.rows.push_back(std::make_shared<const Batch>(batch));
      }
    }
    if (!store.append(kill_view, changes->lower, changes->upper, std::move(delta)).appended) {
      std::fprintf(stderr, "the view was written by somebody else\n");
      std::_Exit(2);
    }
    hold.advance(changes->upper - 1);
  }
}

}  // namespace

int main(int, char** arguments) {
  try {
    StoreOptions options;
    options.directory = arguments[1];
    options.sync = arguments[2][0] == '1';
    options.tick_ms = 20;
    options.tail_bytes_max = 64 << 10;  // folds all the time
    auto store = Store::open(options);
    say("opened " + std::to_string(store->latest_time()) + "\n");
    std::int64_t step = last_step(*store) + 1;
    if (step == 0) {
      const auto outcome = store->commit(kill_creation());
      if (outcome.error) fail(*outcome.error);
      say("0 " + std::to_string(outcome.time) + "\n");
      step = 1;
    }
    const Timestamp upper = store->upper(kill_view);
    auto listener = store->listen({kill_rows}, upper);
    const std::vector<CollectionId> input{kill_rows};
    auto holds = store->hold(input, upper - 1);
    store->holds_taken_up();
    // Compaction on demand beside commits, so that its crashes fall everywhere.
    std::thread compaction([&] {
      for (;;) {
        store->compact_now(kill_rows);
        store->compact_now(kill_truncated);
        store->compact_now(kill_view);
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
      }
    });
    compaction.detach();
    for (;; ++step) {
      const auto outcome = store->commit(kill_step(*store, step));
      if (outcome.error) fail(*outcome.error);
      say(std::to_string(step) + " " + std::to_string(outcome.time) + "\n");
      follow(*store, *listener, *holds.front());
    }
  } catch (const SqlError& error) {
    fail(error);
  }
}
