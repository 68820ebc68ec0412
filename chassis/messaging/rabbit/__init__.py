"""RabbitMQ's channels, as `chassis.messaging.link` asks for them; `chassis.messaging.rabbit_link` has the connection.

aiormq keeps the connection and writes its frames. Its own channels cost two tasks and three queues a delivery, and hold
a lock from each publish to the next, hence these: a frame is dealt with where the socket gives it, and what leaves
within one iteration of the event loop leaves together.
"""
