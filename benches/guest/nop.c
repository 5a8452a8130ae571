/* What fork+exec+wait executes: a program that ends at once. */
int main(void)
{
    return 0;
}
