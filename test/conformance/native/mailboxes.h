// How Python threads and Node workers hand calls to each other. Neither Python nor Node-API is known here.
//
// A worker has an inbox. A Python thread that makes a call puts it into a worker's inbox and waits at a mailbox of its
// own for the answer. While a worker carries out a call it may in turn ask the caller something (a callback): the
// question goes to the caller's mailbox, and the worker waits for the reply. Meanwhile it takes only what comes from
// that very caller: the reply, or a further call made on the way to it.
#ifndef BERKELEY_CONFORMANCE_MAILBOXES_H_
#define BERKELEY_CONFORMANCE_MAILBOXES_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace conformance {

class Worker;

// What comes to a Python thread: the answer to its call, or a question that the call leads to.
struct Letter {
  bool is_question;
  Worker* from;
  std::string bytes;
};

class Mailbox {
 public:
  void Put(Letter letter);
  // The next letter, or false if none came within `wait_ms`.
  bool Take(Letter* letter, int wait_ms);

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Letter> letters_;
};

// What comes to a worker.
struct Task {
  enum Kind { kCall, kReply, kNote, kQuit };
  Kind kind;
  Mailbox* from;  // of a call or a reply; a note wants no answer
  std::string bytes;
};

class Worker {
 public:
  explicit Worker(int id) : id_(id) {}
  int id() const { return id_; }
  void Put(Task task);
  // The next task; if `caller` is given, the next one of that caller.
  Task Take(Mailbox* caller);

 private:
  const int id_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Task> tasks_;
};

// All workers there are. Each Python thread has one of its own for as long as it lives, then it is another's.
class Pool {
 public:
  // Called without a lock when a thread wants a worker and none is free.
  std::function<void()> want_more;

  // This many workers were started without having been asked for.
  void Expect(size_t count);
  // A new Node worker is there.
  Worker* Join();
  Worker* Acquire();
  void Release(Worker* worker);
  Worker* Find(int id);
  void QuitAll();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t wanted_ = 0;  // how many workers there will be
  std::vector<std::unique_ptr<Worker>> all_;
  std::vector<Worker*> free_;
};

Pool& ThePool();

}  // namespace conformance

#endif  // BERKELEY_CONFORMANCE_MAILBOXES_H_
