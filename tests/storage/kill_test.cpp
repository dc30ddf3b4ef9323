// kill -9 at any instant: what was acknowledged is there exactly once, nothing else is there by
// halves.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <random>
#include <thread>

#include "tests/storage/fixture.hpp"
#include "tests/storage/kill_sequence.hpp"

namespace tailrace::storage::testing {

namespace {

// The child beside this executable, over one directory, until it dies.
class Child {
 public:
  Child(const std::filesystem::path& directory, const std::string& fault, bool sync) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const std::string program =
        (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "storage_kill_child")
            .string();
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      close(ends[1]);
      if (!fault.empty()) setenv("TAILRACE_FAULT_POINT", fault.c_str(), 1);
      execl(program.c_str(), program.c_str(), directory.c_str(), sync ? "1" : "0", nullptr);
      _exit(127);
    }
    close(ends[1]);
    output_ = fdopen(ends[0], "r");
  }
  ~Child() {
    if (pid_ > 0) {
      kill();
      wait();
    }
    fclose(output_);
  }

  // The next line, or nothing once it is dead.
  std::optional<std::string> line() {
    char text[256];
    if (fgets(text, sizeof text, output_) == nullptr) return std::nullopt;
    return std::string(text);
  }
  void kill() { ::kill(pid_, SIGKILL); }
  // Whether a signal ended it.
  bool wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

 private:
  pid_t pid_ = 0;
  FILE* output_ = nullptr;
};

// What children have said over the life of one directory.
struct Acknowledged {
  std::int64_t step = -1;
  Timestamp time = 0;
};

// Reads what the child says, and kills it after so many commits. How many it made.
std::int64_t listen_to(Child& child, Acknowledged& acknowledged,
                       std::int64_t stop_after = INT64_MAX) {
  std::int64_t told = 0;
  while (auto line = child.line()) {
    unsigned long long time = 0;
    long long step = 0;
    if (std::sscanf(line->c_str(), "opened %llu", &time) == 1) {
      CHECK(time >= acknowledged.time);
      continue;
    }
    REQUIRE(std::sscanf(line->c_str(), "%lld %llu", &step, &time) == 2);
    CHECK(time > acknowledged.time);
    CHECK(step > acknowledged.step);
    CHECK(step <= acknowledged.step + 2);  // one commit may have been made and not acknowledged
    acknowledged = {step, time};
    if (++told >= stop_after) child.kill();
  }
  return told;
}

void check_store(const std::filesystem::path& directory, Acknowledged& acknowledged) {
  StoreOptions options;
  options.directory = directory;
  options.tick_ms = 0;
  auto store = Store::open(options);
  CHECK(store->latest_time() >= acknowledged.time);
  const std::int64_t step = last_step(*store);
  // The commit under way may be there or not, but then as a whole.
  CHECK(step >= acknowledged.step);
  CHECK(step <= acknowledged.step + 1);
  acknowledged.step = step;
  acknowledged.time = store->latest_time();
  if (step < 0) {
    CHECK(store->collections().empty());
    return;
  }
  REQUIRE(store->collections().size() == 3);
  CHECK(contents_now(*store, kill_rows) == kill_rows_after(step));
  CHECK(contents_now(*store, kill_truncated) == kill_truncated_after(step));
  // The view is what the table was below its upper, and the table can still tell what comes after.
  const Timestamp upper = store->upper(kill_view);
  if (upper > store->since(kill_view)) {
    CHECK(contents_now(*store, kill_view) == contents_at(*store, kill_rows, upper - 1));
  }
  CHECK_NOTHROW(store->listen({kill_rows}, upper));
}

}  // namespace

TEST_CASE("two hundred kills at random moments lose nothing and leave nothing by halves") {
  TemporaryDirectory directory;
  std::mt19937_64 random(20);
  Acknowledged acknowledged;
  for (int round = 0; round < 200; ++round) {
    // What a killed process wrote is in the kernel, synced or not; some rounds sync for the sake of
    // that path.
    Child child(directory.path(), "", round % 8 == 1);
    // Half of them by time, so that start-up and idle moments are hit too; half after some commits.
    std::thread killer;
    std::int64_t stop_after = INT64_MAX;
    if (round % 2 == 0) {
      const auto delay = std::chrono::microseconds(random() % 60'000);
      killer = std::thread([&child, delay] {
        std::this_thread::sleep_for(delay);
        child.kill();
      });
    } else {
      stop_after = static_cast<std::int64_t>(1 + random() % 30);
    }
    listen_to(child, acknowledged, stop_after);
    if (killer.joinable()) killer.join();
    CHECK(child.wait());
    if (round % 4 == 3) check_store(directory.path(), acknowledged);
  }
  check_store(directory.path(), acknowledged);
  CHECK(acknowledged.step > 200);

  // Space follows what is there, not how often it died.
  StoreOptions options;
  options.directory = directory.path();
  options.tick_ms = 1;
  auto store = Store::open(options);
  store->holds_taken_up();
  const CommitOutcome outcome = store->commit({});
  CancelToken cancel;
  store->wait_complete(kill_rows, outcome.time + 50, cancel);
  for (const CollectionId id : store->collections()) store->compact_now(id);
  const auto rows = kill_rows_after(acknowledged.step).size();
  CHECK(store->status(kill_rows).part_updates == rows);
  CHECK(store->disk_bytes() < 1'000'000 + 200 * rows);
}

TEST_CASE("a crash at each dangerous point loses nothing") {
  const std::vector<std::string> points{
      "commit_before_write", "commit_written",     "commit_synced",
      "commit_published",    "append_written",     "staged_run_written",
      "part_file_finished",  "parts_ingested",     "parts_staged",
      "fold_written",        "merge_written",      "manifest_before_write",
      "manifest_written",    "manifest_published", "log_cut",
      "recovery_replayed"};
  TemporaryDirectory directory;
  Acknowledged acknowledged;
  for (const auto& point : points) {
    for (const int count : {1, 2, 7}) {
      CAPTURE(point);
      CAPTURE(count);
      Child child(directory.path(), point + ":" + std::to_string(count), count == 2);
      // Hundreds of commits pass every point so often.
      CHECK(listen_to(child, acknowledged, 500) < 500);
      CHECK(child.wait());
      check_store(directory.path(), acknowledged);
    }
  }
}

}  // namespace tailrace::storage::testing
