// SIGTERM and SIGINT, which ask for an orderly stop, and SIGHUP, which asks to read files again.
#pragma once

namespace tailrace::server {

// Before any thread is started: from now on the signals wait for `wait_for_signal`.
void hold_signals();
// The signal that came.
int wait_for_signal();

}  // namespace tailrace::server
