"""The Arm PrimeCell UART (PL011, DDI 0183): registers and driver."""
