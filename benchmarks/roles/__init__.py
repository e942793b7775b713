"""The processes that a measurement needs beside the gateway and the broker."""
