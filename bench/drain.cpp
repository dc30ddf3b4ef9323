// Reads a replication slot to nothing: what upstream's decoding costs anybody who reads in batches.
//
//     tailrace_bench_drain CONNINFO SLOT PUBLICATION END_LSN
//
// Naps for half a millisecond after a small read while it is behind: a reader that is woken for each message makes both
// sides several times slower. Prints how many messages and bytes there were.
#include <libpq-fe.h>
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

constexpr std::size_t small_read_bytes = 64 * 1024;
constexpr std::chrono::microseconds nap(500);

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

std::uint64_t lsn_of(const char* text) {
  unsigned high = 0;
  unsigned low = 0;
  if (std::sscanf(text, "%X/%X", &high, &low) != 2) fail(std::string("not an LSN: ") + text);
  return (static_cast<std::uint64_t>(high) << 32) | low;
}

std::uint64_t u64_at(const char* bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 5) fail("usage: tailrace_bench_drain CONNINFO SLOT PUBLICATION END_LSN");
  PGconn* connection = PQconnectdb((std::string(arguments[1]) + " replication=database").c_str());
  if (PQstatus(connection) != CONNECTION_OK) fail(PQerrorMessage(connection));
  const std::uint64_t end = lsn_of(arguments[4]);
  const std::string command =
      std::string("START_REPLICATION SLOT ") + arguments[2] +
      " LOGICAL 0/0 (proto_version '1', binary 'true', publication_names '" + arguments[3] + "')";
  PGresult* started = PQexec(connection, command.c_str());
  if (PQresultStatus(started) != PGRES_COPY_BOTH) fail(PQerrorMessage(connection));
  PQclear(started);
  std::size_t messages = 0;
  std::size_t bytes = 0;
  std::size_t bytes_at_wait = 0;
  for (std::uint64_t reached = 0; reached < end;) {
    char* message = nullptr;
    const int size = PQgetCopyData(connection, &message, 1);
    if (size > 0) {
      ++messages;
      bytes += static_cast<std::size_t>(size);
      // A keepalive says how far everything was sent, data where it stands in the log.
      reached = u64_at(message + 1);
      PQfreemem(message);
      continue;
    }
    if (size < 0) fail(PQerrorMessage(connection));
    pollfd readable{.fd = PQsocket(connection), .events = POLLIN, .revents = 0};
    // libpq takes 16 KB at a time: what has arrived is read first.
    if (poll(&readable, 1, 0) == 0) {
      if (bytes - bytes_at_wait < small_read_bytes) std::this_thread::sleep_for(nap);
      bytes_at_wait = bytes;
      poll(&readable, 1, 1000);
    }
    if (PQconsumeInput(connection) == 0) fail(PQerrorMessage(connection));
  }
  std::printf("%zu messages, %zu bytes\n", messages, bytes);
  PQfinish(connection);
  return 0;
}
